"""Kubernetes objects as data: reading YAML and JSON, identity, hidden secrets, changes between two states."""
