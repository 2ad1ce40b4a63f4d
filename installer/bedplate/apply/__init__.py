"""Applying an environment: run its steps in order, skip those that are done, record and resume."""
