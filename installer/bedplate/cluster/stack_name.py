"""Names of stacks: one Pulumi project for each layer, and in it a stack for each part of the layer."""

from __future__ import annotations

from dataclasses import dataclass

from bedplate.config.environments import Site


@dataclass(frozen=True, slots=True, order=True)
class StackName:
    """A stack of any environment.

    Attributes:
        layer: the layer's name.
        part: the part of the layer that it applies; empty for a stack of the whole layer.
    """

    layer: str
    part: str = ""

    @property
    def project(self) -> str:
        """Return the name of its Pulumi project."""
        return f"bedplate-{self.layer}"

    def in_pulumi(self, site: Site) -> str:
        """Return the name that Pulumi knows it by."""
        return f"{site.environment.name}.{self.part}" if self.part else site.environment.name

    def __str__(self) -> str:
        """Return it as people type it."""
        return self.part or self.layer
