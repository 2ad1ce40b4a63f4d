"""The source kind `toy`, which only a test has: a text becomes a file."""
