"""One door per outside program."""
