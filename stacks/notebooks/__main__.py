"""Pulumi program of this layer, for sites with the ordinary Pulumi CLI; `bedplate apply` declares the same."""

from bedplate.cluster import stack_program

stack_program.main("notebooks")
