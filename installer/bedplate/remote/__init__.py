"""Sending an environment to its bastion, running a command there, and fetching its reports."""
