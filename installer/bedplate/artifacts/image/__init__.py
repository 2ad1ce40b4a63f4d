"""The source kind `image`: container images built from locked packages and artifacts."""
