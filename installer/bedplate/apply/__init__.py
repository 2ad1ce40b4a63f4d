"""Applying an environment: steps in their order, each skipped when done, recorded and resumed."""
