"""Drift: what is rendered, what was applied last, and what is really there."""
