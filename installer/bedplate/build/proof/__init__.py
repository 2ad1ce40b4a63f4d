"""Proofs that a bundle is complete, one per module."""
