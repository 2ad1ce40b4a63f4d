"""Mutation testing: change one thing in the code, and see that a test fails."""
