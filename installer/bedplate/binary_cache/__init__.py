"""Binary caches: places that have artifacts by digest, so that they need not be built again."""
