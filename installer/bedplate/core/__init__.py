"""The lowest layer: errors, files, locks, digests, paths and outside programs; knows nothing of releases."""
