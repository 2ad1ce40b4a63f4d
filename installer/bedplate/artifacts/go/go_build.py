"""Compile a pinned Go module in a scratch folder, with the same bytes on every machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bedplate.artifacts import build_env, toolchain
from bedplate.artifacts.declared import DeclaredArtifact
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.source_kind import Context
from bedplate.core import command
from bedplate.core.errors import BedplateError

FORM = 1
"""Raise it when this module builds something else from the same inputs."""

FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
LINK = "-s -w -buildid="


def compile_module(declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path) -> Path:
    """Compile an artifact's programs, collect its files, and return the folder that has them.

    Args:
        declared: the declaration.
        context: gives the compiler and the caches.
        scratch: holds go.mod and go.sum, and embed/<id>/ with what is embedded.
    """
    artifact = declared.artifact
    out = scratch / "out"
    out.mkdir()
    if artifact.embed or artifact.add or artifact.generate:
        _patch(declared, context, scratch)
    if artifact.main or artifact.packages:
        (out / "bin").mkdir()
        _link(declared, context, scratch, out / "bin")
    if artifact.files:
        _copy_files(artifact, _module_folder(artifact, context, scratch), out / "files")
    return out


def run_go(
    words: list[str], context: Context, scratch: Path, *, online: bool = False, cwd: Path | None = None
) -> bytes:
    """Run the locked go command in a scratch folder and return what it prints.

    Args:
        words: its arguments.
        context: gives the compiler and the caches.
        scratch: the wrapper module's folder.
        online: look up modules that go.sum does not pin; query the checksum database only
            if the user's settings name one.
        cwd: folder to run in, by default the scratch folder.
    """
    root = toolchain.unpacked_compiler("go", context)
    reach = build_env.go_network_settings()
    unchecked = {"GONOSUMDB": "*"} if online and not {"GOSUMDB", "GONOSUMDB"} & reach.keys() else {}
    settings = {
        "GOROOT": str(root),
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOTELEMETRY": "off",
        "GOMODCACHE": str(context.cache.folder("go", "mod")),
        "GOCACHE": str(context.cache.folder("go", "build")),
        "CGO_ENABLED": "0",
        "GOOS": "linux",
        "GOARCH": context.release.platform.architecture,
        "GOAMD64": "v1",
    }
    env = {**build_env.build_environment(scratch, [root / "bin"]), **reach, **unchecked, **settings}
    return command.run([root / "bin/go", *words], cwd=cwd or scratch, env=env, inherit=False).stdout


def tag_flags(artifact: GoArtifact) -> list[str]:
    """Return the flags for build tags."""
    return ["-tags", ",".join(artifact.tags)] if artifact.tags else []


def fetch_modules(declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path) -> None:
    """Download the modules that an artifact's programs import into Go's cache; compile nothing.

    Args:
        declared: the declaration.
        context: gives the compiler and the caches.
        scratch: holds go.mod and go.sum.
    """
    if packages := _packages(declared, scratch):
        run_go(["list", "-deps", "-mod=readonly", *tag_flags(declared.artifact), *packages], context, scratch)


def _packages(declared: DeclaredArtifact[GoArtifact], scratch: Path) -> list[str]:
    """Return the main packages; copy a main package of our own into the scratch folder."""
    if not declared.artifact.main:
        return declared.artifact.packages
    shutil.copyfile(declared.local(declared.artifact.main), scratch / "main.go")
    return ["."]


def _link(declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path, target: Path) -> None:
    artifact, packages = declared.artifact, _packages(declared, scratch)
    named = artifact.program or (artifact.id if artifact.main else "")
    output = f"{target}/{named}"
    flags = [*FLAGS, *tag_flags(artifact), "-ldflags", " ".join([LINK, *artifact.ldflags])]
    run_go(["build", *flags, "-o", output, *packages], context, scratch)


def _patch(declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path) -> None:
    """Prepare to compile from a writable copy of the module, with files added."""
    artifact = declared.artifact
    source = scratch / "src"
    shutil.copytree(_module_folder(artifact, context, scratch), source, copy_function=shutil.copyfile)
    make_writable(source)
    for embed in artifact.embed:
        _place(scratch / "embed" / embed.artifact / embed.path, source / embed.to)
    for place, name in artifact.add.items():
        _place(declared.local(name), source / place)
    run_go(["mod", "edit", f"-replace={artifact.module}=./src"], context, scratch)
    for program in artifact.generate:
        _generate(program, declared, context, scratch)


def _generate(program: str, declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path) -> None:
    """Run a generator of the module in its own folder, as `go generate` would, with VERSION set."""
    file = scratch / "src" / program
    run_go(["build", *FLAGS, "-o", str(scratch / "generator"), str(file)], context, scratch)
    folder = file if file.is_dir() else file.parent
    env = {**build_env.build_environment(scratch, []), "VERSION": declared.version}
    command.run([scratch / "generator"], cwd=folder, env=env, inherit=False)


def _module_folder(artifact: GoArtifact, context: Context, scratch: Path) -> Path:
    if (scratch / "src").is_dir():
        return scratch / "src"
    module = json.loads(run_go(["mod", "download", "-json", artifact.module], context, scratch))
    return Path(module["Dir"])


def _copy_files(artifact: GoArtifact, source: Path, target: Path) -> None:
    for pattern in artifact.files:
        matches = [path for path in sorted(source.glob(pattern)) if path.is_file()]
        if not matches:
            raise BedplateError(
                f"artifact {artifact.id}", f"has no file that matches {pattern}", "fix files: in component.yaml"
            )
        for path in matches:
            _place(path, target / path.relative_to(source))


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copyfile(source, target)
    else:
        raise BedplateError(
            f"file {source.name}", "is not in the artifact that is embedded", "fix embed: in component.yaml"
        )


def make_writable(folder: Path) -> None:
    """Make a copy of a module writable; Go unpacks modules read-only."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
