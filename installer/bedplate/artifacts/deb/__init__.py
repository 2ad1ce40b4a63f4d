"""The source kind `deb`: Debian packages."""
