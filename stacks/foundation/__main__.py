"""Pulumi program of the layer that this folder is named after, for the ordinary Pulumi CLI.

It declares the same resources as `bedplate apply` (contract 14, docs/explanation/design.md).
"""

from pathlib import Path

from bedplate.cluster import stack_program

stack_program.main(Path(__file__).resolve().parent.name)
