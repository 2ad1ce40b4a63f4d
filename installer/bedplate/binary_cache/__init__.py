"""Binary caches: folders, web servers and registries with artifacts by digest, so that nothing is built twice."""
