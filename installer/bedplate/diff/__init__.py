"""`bedplate diff`: two snapshots of an environment compared without a cluster, and the effects of the changes."""
