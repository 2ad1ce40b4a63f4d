"""`bedplate bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bedplate.bundle import layout, verify
from bedplate.bundle.exceptions import exceptions
from bedplate.bundle.layout import ReleaseFile
from bedplate.bundle.sizes import human
from bedplate.bundle.write import bundle_digest
from bedplate.cli import bundle_cve, bundle_delta, bundle_have, bundle_merge, bundle_sbom
from bedplate.cli.bundle_build import build
from bedplate.cli.bundle_publish import publish
from bedplate.cli.output import Output, OutputOption, show
from bedplate.cli.publisher import publisher_of

BundleArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's directory.")]


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The bundle: a release and its installer in one signed directory.", no_args_is_help=True)
    group.command("build", epilog="Example: bedplate bundle build 2026.11.0 --out /srv/bundle")(build)
    group.command("publish", epilog="Example: bedplate bundle publish 2026.11.0 /srv/www/cache")(publish)
    group.command("verify", epilog="Example: bedplate bundle verify /media/bundle --publisher lab")(_verify)
    group.command("inspect", epilog="Example: bedplate bundle inspect /media/bundle --output json")(_inspect)
    bundle_sbom.add(group)
    bundle_cve.add(group)
    bundle_have.add(group)
    bundle_delta.add(group)
    bundle_merge.add(group)
    app.add_typer(group, name="bundle")


def _verify(
    folder: BundleArgument,
    publisher: Annotated[
        str, typer.Option(help="The publisher's public key (a .pub file), or an environment that pins it.")
    ],
    output: OutputOption = Output.TEXT,
) -> None:
    """Prove the signature, then read every byte of a bundle against it."""
    manifest = verify.verify(folder, publisher_of(publisher))
    facts = {"release": manifest.release, "digest": bundle_digest(manifest), "files": len(manifest.files)}
    size = sum(file.size for file in manifest.files)
    text = f"{folder}: release {manifest.release}, {len(manifest.files)} files ({human(size)}), all as signed"
    show({**facts, "bytes": size}, output, text)


def _inspect(folder: BundleArgument, output: OutputOption = Output.TEXT) -> None:
    """Show what a bundle holds. Nothing is verified."""
    release = verify.read_release(folder)
    manifest = layout.Manifest.model_validate_json((folder / layout.MANIFEST).read_bytes())
    allowed = exceptions(folder, release)
    known = {"digest": bundle_digest(manifest), **release.model_dump(), "exceptions": allowed}
    show(known, output, lambda: _print(release, manifest, allowed))


def _print(release: ReleaseFile, manifest: layout.Manifest, allowed: list[dict[str, str]]) -> None:
    console = Console()
    blobs = {file.sha256: file.size for file in manifest.files}
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "artifact", "component", "digest"):
        table.add_column(heading, overflow="fold")
    for one in sorted(release.artifacts, key=lambda a: (a.kind, a.id)):
        table.add_row(one.kind, one.id.partition(":")[2], one.component, one.sha256[:12])
    console.print(table)
    kinds = {
        kind: sum(a.kind == kind for a in release.artifacts) for kind in sorted({a.kind for a in release.artifacts})
    }
    for left_out in allowed:
        console.print("left out by {component}: {kind} {what}: {reason}".format(**left_out))
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    console.print(f"release {release.release}: {counts}; {len(blobs)} blobs, {human(sum(blobs.values()))}")
    console.print(f"bundle digest {bundle_digest(manifest)}")
