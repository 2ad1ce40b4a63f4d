"""Kubernetes objects as data: reading YAML and JSON, identities, hidden Secrets, changes."""
