"""Generators of the pages in docs/reference, from commands, models, rules and roles."""
