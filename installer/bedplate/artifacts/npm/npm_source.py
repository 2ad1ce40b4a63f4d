"""The source kind `npm`: what npm installs or builds, pinned by package-lock.json, without install scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from bedplate.artifacts import build_env, toolchain
from bedplate.artifacts.compiled_kind import CompiledKind
from bedplate.artifacts.declared import DeclaredArtifact, declared_artifacts, find_declared, local_digests
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.go import go_build
from bedplate.artifacts.npm.npm_artifact import NpmArtifact
from bedplate.artifacts.npm.npm_dependencies import check_npm
from bedplate.artifacts.package import Package
from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.artifacts.tarball import TarEntry, folder_entries, write_tar
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.release_lock import Entry, Output
from bedplate.core import command, digest
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic

FORM = 1
"""Raise it when this module builds something else from the same inputs."""

HOSTS = ("resolved", "funding")
SIDE_FILES = ("package.json", "package-lock.json")
VOLATILE = (".package-lock.json", ".cache", ".vite", ".vite-temp")
"""What npm and builders leave in node_modules that depends on the machine."""


class NpmSource(CompiledKind):
    """The source kind `npm`: an artifact is a tar of the content of `output`."""

    name = "npm"
    language = "node"
    disk_estimate = 500_000_000

    def resolve(self, context: Context) -> Resolution:
        """Pin each declaration: its packages in lock/npm/<id>/, or the Go module that has the page and its lock."""
        return Resolution([_resolve(declared, context) for declared in declared_artifacts(context, NpmArtifact)])

    def build(self, entry: Entry, context: Context) -> Output:
        """Install, run the declared commands, and pack the output folder."""
        declared = find_declared(context, NpmArtifact, entry.id)
        with context.cache.scratch() as scratch:
            source = scratch / "src"
            _sources(declared, entry, context, source)
            _make(declared, context, scratch, source / declared.artifact.path)
            output = source / declared.artifact.output
            if not output.is_dir():
                raise BedplateError(
                    entry.id,
                    f"did not create the folder {declared.artifact.output}",
                    "fix output: or commands: in component.yaml",
                )
            members = [member for member in folder_entries(output) if not _is_volatile(member)]
            with (scratch / "artifact.tar").open("wb") as file:
                write_tar(members, file, context.release.epoch)
            return context.cache.add(scratch / "artifact.tar", move=True)

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the recipe of what is declared, with the locked pins."""
        return npm_recipe(find_declared(context, NpmArtifact, entry.id), entry.pin, context)

    def ecosystem(self) -> Ecosystem:
        """Return npm's packages."""
        from bedplate.artifacts.npm.npm_packages import NpmPackages  # noqa: PLC0415  as SourceKind.ecosystem says

        return NpmPackages()

    def known_packages(self, context: Context) -> Iterator[Package]:
        """Yield the packages of each package-lock.json, with their digests."""
        from bedplate.artifacts.npm.npm_packages import read_lock  # noqa: PLC0415  as SourceKind.ecosystem says

        for lock in sorted(context.release_folder.glob("lock/npm/*/package-lock.json")):
            yield from read_lock(lock.read_text(encoding="utf-8"))

    def check_dependencies(
        self,
        release: ReleaseFile,
        blobs: Path,
        release_folder: Path,
        allowed: Collection[str],
    ) -> list[BedplateError]:
        """Return an error for each dependency that a package-lock.json lacks."""
        return check_npm(release_folder / "lock/npm")


def _is_volatile(member: TarEntry) -> bool:
    return not set(member.name.split("/")).isdisjoint(VOLATILE)


def _resolve(declared: DeclaredArtifact[NpmArtifact], context: Context) -> Entry:
    before = context.previous_entry(declared.id)
    declaration = _declaration(declared)
    fresh = before is None or before.pin.get("declaration") != declaration
    fresh = fresh or context.is_to_update(declared.id, declared.artifact.id, declared.component)
    if declared.artifact.module:
        kept = None if fresh or not before else before.pin["sum"]
        pin = {"module": declared.artifact.module, "sum": kept or _module(declared.artifact, context)["Sum"]}
    else:
        folder = context.lock_folder("npm", declared.artifact.id)
        if fresh or not all((folder / name).is_file() for name in SIDE_FILES):
            _pin(declared, context, folder)
        pin = {name: digest.of_file(folder / name) for name in SIDE_FILES}
    pin = {"declaration": declaration, **pin}
    return Entry(
        id=declared.id, kind="npm", pin=pin, recipe=npm_recipe(declared, pin, context), component=declared.component
    )


def npm_recipe(declared: DeclaredArtifact[NpmArtifact], pin: dict[str, str], context: Context) -> str:
    """Return the digest of everything that determines the artifact's bytes; `pin` identifies the sources."""
    return digest.of(
        {
            "form": FORM,
            "artifact": declared.artifact.model_dump(exclude={"licence"}),
            "compiler": toolchain.locked_compiler("node", context).pin["sha256"],
            "pin": {name: value for name, value in pin.items() if name != "declaration"},
            "local": local_digests(declared, _own_files(declared)),
            "epoch": context.release.epoch,
        }
    )


def _own_files(declared: DeclaredArtifact[NpmArtifact]) -> list[str]:
    """Return the sources of a page of the component's own, as paths in its folder."""
    if declared.artifact.package or declared.artifact.module:
        return []
    files = [
        path.relative_to(declared.folder) for path in sorted((declared.folder / declared.artifact.path).rglob("*"))
    ]
    return [str(file) for file in files if "node_modules" not in file.parts and (declared.folder / file).is_file()]


def _declaration(declared: DeclaredArtifact[NpmArtifact]) -> str:
    local = [] if declared.artifact.package or declared.artifact.module else [f"{declared.artifact.path}/package.json"]
    return digest.of(
        {"package": declared.artifact.package, "module": declared.artifact.module, **local_digests(declared, local)}
    )


def _pin(declared: DeclaredArtifact[NpmArtifact], context: Context, folder: Path) -> None:
    """Write package.json and package-lock.json, without the names of the hosts that npm contacted."""
    with context.cache.scratch() as scratch:
        source = scratch / "src"
        source.mkdir()
        if declared.artifact.package:
            name, _, version = declared.artifact.package.rpartition("@")
            package = {"name": f"bedplate-{declared.artifact.id}", "version": "0.0.0", "private": True}
            text = json.dumps({**package, "dependencies": {name: version}}, indent=1) + "\n"
        else:
            text = declared.local(f"{declared.artifact.path}/package.json").read_text()
        (source / "package.json").write_text(text)
        _npm(["npm", "install", "--package-lock-only", "--ignore-scripts"], context, scratch, source)
        lock = json.loads((source / "package-lock.json").read_bytes())
        write_atomic(folder / "package.json", text)
        write_atomic(folder / "package-lock.json", json.dumps(_without_hosts(lock), indent=1, sort_keys=True) + "\n")


def _without_hosts(lock: dict[str, Any]) -> dict[str, Any]:
    """Remove every `resolved`: npm then uses the registry it is configured for, and checks `integrity`."""
    packages = {
        place: {key: value for key, value in package.items() if key not in HOSTS or package.get("link")}
        for place, package in lock["packages"].items()
    }
    bare = [place for place, package in packages.items() if place and not {"integrity", "link"} & package.keys()]
    bare = [place for place in bare if "node_modules" in place and not packages[place].get("inBundle")]
    if bare:
        raise InputError(f"npm package {bare[0]}", "has no integrity in the lock", "use a version from a registry")
    return {**lock, "packages": packages}


def _module(artifact: NpmArtifact, context: Context) -> dict[str, str]:
    with context.cache.scratch() as scratch:
        words = ["mod", "download", "-json", artifact.module]
        answer: dict[str, str] = json.loads(go_build.run_go(words, context, scratch, online=True))
        return answer


def _sources(declared: DeclaredArtifact[NpmArtifact], entry: Entry, context: Context, target: Path) -> None:
    """Copy what npm starts from into a folder: the module's sources, or the locked package.json."""
    if not declared.artifact.module:
        place = target / declared.artifact.path
        place.mkdir(parents=True)
        for name in _own_files(declared):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(declared.local(name), target / name)
        for name in SIDE_FILES:
            path = context.lock_folder("npm", declared.artifact.id) / name
            if not path.is_file() or digest.of_file(path) != entry.pin[name]:
                raise BedplateError(entry.id, f"has a {name} that differs from the locked one", "run `bedplate lock`")
            shutil.copyfile(path, place / name)
        return
    module = _module(declared.artifact, context)
    if module["Sum"] != entry.pin["sum"]:
        fact = f"has sources with the sum {module['Sum']}, not {entry.pin['sum']}"
        raise BedplateError(entry.id, fact, f"run `bedplate lock --update {entry.name}`")
    shutil.copytree(module["Dir"], target, copy_function=shutil.copyfile)
    go_build.make_writable(target)


def _make(declared: DeclaredArtifact[NpmArtifact], context: Context, scratch: Path, folder: Path) -> None:
    build = bool(declared.artifact.commands)
    _npm(["npm", "ci", "--ignore-scripts", *([] if build else ["--omit=dev"])], context, scratch, folder)
    for words in declared.artifact.commands:
        _npm(words, context, scratch, folder)


def _npm(words: list[str], context: Context, scratch: Path, folder: Path) -> None:
    root = toolchain.unpacked_compiler("node", context)
    settings = {
        "npm_config_cache": str(context.cache.folder("npm")),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "CI": "true",
        "SOURCE_DATE_EPOCH": str(context.release.epoch),
    }
    env = {**build_env.build_environment(scratch, [root / "bin"]), **build_env.npm_network_settings(), **settings}
    command.run(words, cwd=folder, env=env, inherit=False)


SOURCE_KIND = NpmSource()
