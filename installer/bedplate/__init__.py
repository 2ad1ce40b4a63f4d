"""Bedplate: a machine-learning platform for air-gapped datacenters, as one versioned release."""

__version__ = "0.1.0"
