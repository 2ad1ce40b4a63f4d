"""Client of a site's own registry (OCI distribution protocol), for pushing the images of a bundle or a store."""
