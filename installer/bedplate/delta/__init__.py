"""Deltas: what a site lacks of a bundle, carried in parts, and joined there to the very same bundle."""
