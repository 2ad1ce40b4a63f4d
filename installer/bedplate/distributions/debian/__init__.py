"""Debian: its packages and their order, its repositories, its root file systems."""
