"""The lowest layer: errors, files, locks, digests, paths and running programs. It does not know releases."""
