"""Bills of materials: the packages in each artifact of a release, and the provenance of each artifact."""
