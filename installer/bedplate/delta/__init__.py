"""Deltas: what a site lacks of a bundle, carried in parts and merged at the site into the same bundle."""
