"""The source kind `wheel`: Python wheels."""
