"""Reading the two sides of a diff: files, environments, bundles, git revisions."""
