"""The diff: two states of an environment compared without a cluster, and what the difference will do."""
