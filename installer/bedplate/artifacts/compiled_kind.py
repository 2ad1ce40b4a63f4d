"""Source kinds that a compiler builds: tars, named after the component's version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bedplate.artifacts import toolchain
from bedplate.artifacts.source_kind import Context, SourceKind, Stage
from bedplate.config.bundle_layout import BundledArtifact
from bedplate.config.component import Component
from bedplate.config.release_lock import Entry


class CompiledKind(SourceKind):
    """A kind that a locked compiler builds, one artifact after the other.

    Attributes:
        language: the compiler's, as in the set `toolchain:<language>`.
    """

    stage = Stage.COMPILE
    language: str

    def inputs(self, entry: Entry, context: Context) -> Iterator[Entry]:
        """Yield the compiler."""
        for name in context.lock.sets.get(toolchain.compiler_set(self.language), []):
            yield context.lock.by_id[name]

    def is_carried(
        self,
        entry: Entry,
        components: Mapping[str, Component],
        sets: Mapping[str, list[str]],
    ) -> bool:
        """Return whether hosts need the artifact: programs that only images hold are not carried themselves."""
        every = components.values()
        on_hosts = any(binary.artifact == entry.name for component in every for binary in component.hosts.binaries)
        return on_hosts or any(
            a.id == entry.name and a.is_used_by_hosts() for component in every for a in component.artifacts
        )

    def file_name(self, entry: Entry, components: Mapping[str, Component]) -> str:
        """Return the artifact's name with the version of its component."""
        return f"{entry.name}-{components[entry.component].version}.tar"

    def component_version(self, artifact: BundledArtifact) -> str:
        """Return the version from a file name that `file_name` made."""
        name = artifact.id.partition(":")[2]
        return artifact.file.removeprefix(f"{name}-").removesuffix(".tar")
