"""Writing, signing and verifying a bundle: a release's artifacts and the installer in one signed directory."""
