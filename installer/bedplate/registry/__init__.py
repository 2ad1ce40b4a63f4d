"""A registry of a site's own: the OCI distribution protocol, spoken to push what a bundle or a store holds."""
