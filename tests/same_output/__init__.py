"""Comparison of two revisions of this repository: what they render, lock and bundle must be equal."""
