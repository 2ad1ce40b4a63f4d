"""Certificates, keys and secrets of an environment: its CA, its site key, and generated secret values."""
