"""`bedplate bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bedplate import catalog, environments
from bedplate.bundle import layout, sign, verify
from bedplate.bundle.build import Built, default_key
from bedplate.bundle.build import build as build_bundle
from bedplate.bundle.layout import ReleaseFile
from bedplate.bundle.sizes import human
from bedplate.bundle.write import bundle_digest
from bedplate.cli.output import Output, OutputOption, show
from bedplate.cli.progress import Lines
from bedplate.errors import InputError

BundleArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's directory.")]


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The bundle: a release and its installer in one signed directory.", no_args_is_help=True)
    group.command("build", epilog="Example: bedplate bundle build 2026.11.0 --out /srv/bundle")(_build)
    group.command("verify", epilog="Example: bedplate bundle verify /media/bundle --publisher lab")(_verify)
    group.command("inspect", epilog="Example: bedplate bundle inspect /media/bundle --output json")(_inspect)
    app.add_typer(group, name="bundle")


def _build(  # noqa: PLR0913, PLR0917  each is an option people type
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Version of the release, or its folder.")],
    out: Annotated[Path, typer.Option(help="The bundle's directory; an older bundle there is updated.")],
    key: Annotated[Path | None, typer.Option(help="The publisher's private key.", show_default="your own")] = None,
    record: Annotated[  # noqa: FBT002  typer's flags are such
        bool, typer.Option("--record", help="Write the digests that come out into the lock.")
    ] = False,
    earlier: Annotated[
        Path | None,
        typer.Option("--from", help="A built bundle: what it has of the release is taken from it by digest."),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Have every artifact of a release, prove that none is missing, write the bundle and sign it.

    What was made before is taken from the cache; an output that differs from the lock is refused.
    """
    console = Console(stderr=output is Output.JSON)
    found, told = catalog.load(release), Lines(console)
    made = build_bundle(found, out, key or default_key(), record=record, earlier=earlier, reporter=told)
    show(_facts(made), output, _summary(made))


def _facts(made: Built) -> dict[str, object]:
    size = sum(file.size for file in made.manifest.files)
    known = {"bundle": str(made.folder), "release": made.release.release, "digest": made.digest}
    return {**known, "files": len(made.manifest.files), "bytes": size, "references": made.references}


def _summary(made: Built) -> str:
    size = human(sum(file.size for file in made.manifest.files))
    closure = f"{made.references} image references, none outside"
    return f"{made.folder}: release {made.release.release}, {size}, {closure}\nbundle digest {made.digest}"


def _verify(
    folder: BundleArgument,
    publisher: Annotated[
        str, typer.Option(help="The publisher's public key (a .pub file), or an environment that pins it.")
    ],
    output: OutputOption = Output.TEXT,
) -> None:
    """Prove the signature, then read every byte of a bundle against it."""
    manifest = verify.verify(folder, _publisher(publisher))
    facts = {"release": manifest.release, "digest": bundle_digest(manifest), "files": len(manifest.files)}
    size = sum(file.size for file in manifest.files)
    text = f"{folder}: release {manifest.release}, {len(manifest.files)} files ({human(size)}), all as signed"
    show({**facts, "bytes": size}, output, text)


def _publisher(name: str) -> str:
    if Path(name).is_file():
        return sign.public_key(Path(name))
    try:
        return environments.load(environments.find(name)).environment.publisher
    except InputError as error:
        raise InputError(f"publisher {name}", "is neither a file nor an environment", "give a .pub file") from error


def _inspect(folder: BundleArgument, output: OutputOption = Output.TEXT) -> None:
    """Show what a bundle holds. Nothing is verified."""
    release = verify.read_release(folder)
    manifest = layout.Manifest.model_validate_json((folder / layout.MANIFEST).read_bytes())
    show({"digest": bundle_digest(manifest), **release.model_dump()}, output, lambda: _print(release, manifest))


def _print(release: ReleaseFile, manifest: layout.Manifest) -> None:
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
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    console.print(f"release {release.release}: {counts}; {len(blobs)} blobs, {human(sum(blobs.values()))}")
    console.print(f"bundle digest {bundle_digest(manifest)}")
