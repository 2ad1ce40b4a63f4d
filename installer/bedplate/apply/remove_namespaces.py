"""Step "Remove namespaces": those that the environment no longer has lose their rights, then their pods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import removal, stack_state
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.sizes import count_of
from bedplate.render.rendered import RenderedObject


def leaving_namespaces(site: Site, objects: Iterable[RenderedObject]) -> list[str]:
    """Return the namespaces that an apply of objects would close and empty; none if the cluster does not answer."""
    try:
        return sorted(_leaving(site, _namespaces(objects)))
    except BedplateError:
        return []


@dataclass(frozen=True, slots=True)
class RemoveNamespaces:
    """No right and no pod is left in a namespace that was removed; its policies go later, with their stacks.

    Attributes:
        installation: environment and release.
    """

    installation: Installation
    id: ClassVar = "namespaces"
    title: ClassVar = "Remove namespaces"
    where: ClassVar = "cluster"

    def key(self) -> str:
        """Return the digest of the namespaces' names."""
        return digest.of(sorted(self._wanted()))

    def is_done(self) -> bool:
        """Return whether no namespace has to be closed or opened."""
        try:
            return not self._leaving() and not self._returning()
        except BedplateError:
            return False

    def run(self, journal: Journal) -> Outcome:
        """Close the namespaces that leave, and open those that the environment has again."""
        site = self.installation.site
        leaving, returning = self._leaving(), self._returning()
        stuck: list[str] = []
        for namespace in sorted(leaving):
            journal.say(f"remove {namespace}")
            stuck += removal.empty_namespace(site, namespace)
        for namespace in sorted(returning):
            removal.open_namespace(site, namespace)
        changed = len(leaving) + len(returning)
        left = tuple(f"pod {pod} ends when its node is back: the namespace was removed" for pod in stuck)
        for text in left:
            journal.write(text)
        return Outcome(changed, f"{count_of(changed, 'namespace')} changed" if changed else "", left)

    def _wanted(self) -> set[str]:
        return _namespaces(self.installation.objects)

    def _leaving(self) -> set[str]:
        return _leaving(self.installation.site, self._wanted())

    def _returning(self) -> set[str]:
        return removal.closed_namespaces(self.installation.site) & self._wanted()


def _namespaces(objects: Iterable[RenderedObject]) -> set[str]:
    return {one.identity.name for one in objects if one.identity.kind == "Namespace"}


def _leaving(site: Site, wanted: set[str]) -> set[str]:
    """Return the namespaces that stacks have and the environment does not, if they still exist."""
    applied = {identity for objects in stack_state.applied(site).values() for identity in objects}
    leaving = {one.name for one in applied if one.kind == "Namespace"} - wanted
    return leaving & removal.live_namespaces(site) if leaving else leaving
