"""What a release consists of, package by package, read from the artifacts themselves; and what each was made of."""
