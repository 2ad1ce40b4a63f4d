"""Drift of an environment: what is rendered, compared with what was applied last and what is live."""
