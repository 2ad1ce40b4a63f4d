"""The cluster: kubectl, and one Pulumi stack per layer that applies rendered objects."""
