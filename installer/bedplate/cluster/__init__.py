"""Layers of the cluster as Pulumi stacks: which there are, and how rendered objects become resources."""
