"""The source kind `go`: programs and files of Go modules, pinned by go.mod and go.sum, built by the locked Go."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from bedplate.artifacts import toolchain
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.compiled_kind import CompiledKind
from bedplate.artifacts.declared import DeclaredArtifact, declared_artifacts, find_declared, local_digests
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.go import go_build, go_licences, go_pin
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.go.go_packages import GO
from bedplate.artifacts.package import Package
from bedplate.artifacts.source_kind import Context, Resolution, fetch_or_build
from bedplate.artifacts.tarball import folder_entries, write_tar
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic

MODULE_CACHE = "go/mod"
"""Folder of the cache that holds modules while programs are compiled."""
SIDE_FILES = ("go.mod", "go.sum")


class GoSource(CompiledKind):
    """The source kind `go`: an artifact is a tar with `bin/<program>` and `files/<path in the module>`."""

    name = "go"
    language = "go"
    needs = ("npm",)
    disk_estimate = 900_000_000
    caches = ("go/build", MODULE_CACHE)

    def resolve(self, context: Context) -> Resolution:
        """Pin each declared module with everything it needs, as go.mod and go.sum in lock/go/<id>/."""
        entries: dict[str, Entry] = {}
        for declared in _ordered(declared_artifacts(context, GoArtifact)):
            entry = _resolve(declared, context, entries)
            entries[declared.artifact.id] = entry
        return Resolution(list(entries.values()))

    def build(self, entry: Entry, context: Context) -> Output:
        """Compile the programs and pack them with the files."""
        with context.cache.scratch() as scratch:
            declared = _pinned(entry, context, scratch)
            for embed in declared.artifact.embed:
                _unpack(embed.artifact, context, scratch)
            out = go_build.compile_module(declared, context, scratch)
            with (scratch / "artifact.tar").open("wb") as file:
                write_tar(folder_entries(out), file, context.release.epoch)
            return context.cache.add(scratch / "artifact.tar", move=True)

    def prefetch(self, entry: Entry, context: Context) -> None:
        """Download the modules that an entry's programs import."""
        with context.cache.scratch() as scratch:
            go_build.fetch_modules(_pinned(entry, context, scratch), context, scratch)

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the recipe of what is declared, with the locked pins and embedded artifacts."""
        declared = find_declared(context, GoArtifact, entry.id)
        inputs = {embed.artifact: context.entry(embed.artifact).recipe for embed in declared.artifact.embed}
        return go_recipe(declared, entry.pin, inputs, context)

    def ecosystem(self) -> Ecosystem:
        """Return Go's modules."""
        from bedplate.artifacts.go.go_packages import GoModules  # noqa: PLC0415  as SourceKind.ecosystem says

        return GoModules()

    def known_packages(self, context: Context) -> Iterator[Package]:
        """Yield the modules that components declare, with the licences they give."""
        for declared in declared_artifacts(context, GoArtifact):
            module = declared.artifact
            known = {"name": module.module, "version": module.version, "licence": module.licence}
            yield Package(ecosystem=GO, **known)

    def recorded_licences(self, release_folder: Path) -> Mapping[str, str]:
        """Return what lock/go-licences.json has."""
        return go_licences.read_licences(release_folder)

    def record_licences(self, release_folder: Path, packages: Iterable[Package], cache: Cache) -> int:
        """Record the licences of modules, from Go's own module cache."""
        return go_licences.record_licences(release_folder, packages, cache.root / MODULE_CACHE)


def go_recipe(
    declared: DeclaredArtifact[GoArtifact], pin: dict[str, str], inputs: dict[str, str], context: Context
) -> str:
    """Return the digest of everything that determines the artifact's bytes.

    Args:
        declared: the declaration.
        pin: what identifies the sources.
        inputs: recipe of each embedded artifact, by id.
        context: gives the compiler, the release's epoch and the component's folder.
    """
    local = [*declared.artifact.add.values(), declared.artifact.main]
    return digest.of(
        {
            "form": go_build.FORM,
            "artifact": declared.artifact.model_dump(exclude={"licence"}),
            "version": declared.version,
            "compiler": toolchain.locked_compiler("go", context).pin["sha256"],
            "pin": {name: pin[name] for name in ("sum", *SIDE_FILES)},
            "local": local_digests(declared, local),
            "inputs": inputs,
            "epoch": context.release.epoch,
        }
    )


def _ordered(all_declared: list[DeclaredArtifact[GoArtifact]]) -> list[DeclaredArtifact[GoArtifact]]:
    """Return artifacts after those they embed."""
    by_id = {declared.artifact.id: declared for declared in all_declared}
    graph = {
        declared.artifact.id: [e.artifact for e in declared.artifact.embed if e.artifact in by_id]
        for declared in all_declared
    }
    try:
        return [by_id[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise InputError(
            "artifacts",
            f"embed each other in a cycle: {' '.join(error.args[1])}",
            "remove one embed: in component.yaml",
        ) from error


def _resolve(declared: DeclaredArtifact[GoArtifact], context: Context, done: dict[str, Entry]) -> Entry:
    declaration = go_pin.declaration_digest(declared, context)
    before = context.previous_entry(declared.id)
    folder = context.lock_folder("go", declared.artifact.id)
    kept = before and before.pin["declaration"] == declaration and all((folder / n).is_file() for n in SIDE_FILES)
    if not kept or context.is_to_update(declared.id, declared.artifact.id, declared.component):
        with context.cache.scratch() as scratch:
            go_pin.pin_module(declared, context, scratch)
            for name in SIDE_FILES:
                write_atomic(folder / name, (scratch / name).read_bytes())
    pin = {
        "declaration": declaration,
        "module": f"{declared.artifact.module}@{declared.artifact.version}",
        "sum": go_pin.module_sum(declared.artifact, folder / "go.sum"),
        **{name: digest.of_file(folder / name) for name in SIDE_FILES},
    }
    inputs = {e.artifact: (done.get(e.artifact) or context.entry(e.artifact)).recipe for e in declared.artifact.embed}
    return Entry(
        id=declared.id,
        kind="go",
        pin=pin,
        recipe=go_recipe(declared, pin, inputs, context),
        component=declared.component,
    )


def _pinned(entry: Entry, context: Context, scratch: Path) -> DeclaredArtifact[GoArtifact]:
    """Copy an entry's go.mod and go.sum into a scratch folder and return its declaration."""
    _verify_side_files(entry, context)
    declared = find_declared(context, GoArtifact, entry.id)
    for name in SIDE_FILES:
        shutil.copyfile(context.lock_folder("go", declared.artifact.id) / name, scratch / name)
    return declared


def _verify_side_files(entry: Entry, context: Context) -> None:
    name = entry.id.removeprefix("go:")
    for file in SIDE_FILES:
        path = context.lock_folder("go", name) / file
        if not path.is_file() or digest.of_file(path) != entry.pin[file]:
            fact = f"has a {file} that differs from the locked one"
            raise BedplateError(
                f"artifact {name}", fact, f"run `git checkout {path}`, or `bedplate lock --update {name}`"
            )


def _unpack(artifact: str, context: Context, scratch: Path) -> None:
    """Unpack an artifact that is embedded into embed/<id>/."""
    entry = context.entry(artifact)
    output = fetch_or_build(entry, context)
    target = scratch / "embed" / artifact
    target.mkdir(parents=True)
    shutil.unpack_archive(context.cache.blob(output.sha256), target, "tar", filter="data")


SOURCE_KIND = GoSource()
