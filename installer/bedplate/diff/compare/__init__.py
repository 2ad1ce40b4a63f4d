"""Comparing two snapshots: objects, lists, values and hosts, by their schemas."""
