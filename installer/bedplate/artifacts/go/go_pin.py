"""Pin a Go module: write go.mod and go.sum of a wrapper module, which name everything that is compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

from bedplate.artifacts import toolchain
from bedplate.artifacts.declared import DeclaredArtifact, local_digests
from bedplate.artifacts.go import go_build
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.source_kind import Context
from bedplate.core import digest
from bedplate.core.errors import BedplateError


def declaration_digest(declared: DeclaredArtifact[GoArtifact], context: Context) -> str:
    """Return the digest of what determines go.mod and go.sum; other changes keep them."""
    artifact = declared.artifact
    return digest.of(
        {
            **artifact.model_dump(include={"module", "version", "packages", "requires", "replace", "tags"}),
            "main": local_digests(declared, [artifact.main]),
            "compiler": toolchain.locked_compiler("go", context).pin["version"],
        }
    )


def pin_module(declared: DeclaredArtifact[GoArtifact], context: Context, scratch: Path) -> None:
    """Write go.mod and go.sum for an artifact into a scratch folder, over the network.

    The public checksum database does not know every module that a mirror serves, so it is queried only
    if the user's own settings say so. What is reviewed and pinned is go.sum.
    """
    artifact = declared.artifact
    language = ".".join(context.release.toolchain.go.split(".")[:2])
    replaces = "".join(f"\nreplace {line}\n" for line in artifact.replace)
    (scratch / "go.mod").write_text(f"module bedplate/build/{artifact.id}\n\ngo {language}\n{replaces}")
    (scratch / "go.sum").touch()
    targets = [f"{package}@{artifact.version}" for package in artifact.packages if _of(package, artifact.module)]
    targets = targets or [f"{artifact.module}@{artifact.version}"]
    get = ["get", *go_build.tag_flags(artifact)]
    go_build.run_go([*get, *targets, *artifact.requires], context, scratch, online=True)
    if artifact.main:
        shutil.copyfile(declared.local(artifact.main), scratch / "main.go")
        go_build.run_go([*get, "."], context, scratch, online=True)


def module_sum(artifact: GoArtifact, go_sum: Path) -> str:
    """Return the module's own h1 sum from go.sum."""
    for line in go_sum.read_text().splitlines():
        module, version, value = line.split(" ")
        if (module, version) == (artifact.module, artifact.version):
            return value
    raise BedplateError(
        f"artifact {artifact.id}",
        f"does not pin {artifact.module}@{artifact.version}",
        "check replace: in component.yaml",
    )


def _of(package: str, module: str) -> bool:
    return package == module or package.startswith(f"{module}/")
