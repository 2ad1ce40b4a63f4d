"""Artifacts: one folder per source kind, the cache they are kept in, and how a release is locked and built."""
