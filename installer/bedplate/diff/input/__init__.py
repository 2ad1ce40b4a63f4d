"""Reading the two snapshots of a diff from files, environments, bundles and git revisions."""
