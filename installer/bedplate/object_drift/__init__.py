"""Drift of objects: those that are rendered, those that were applied last, and those that are live."""
