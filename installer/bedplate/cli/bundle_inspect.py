"""`bedplate bundle inspect`."""

from __future__ import annotations

import typer
from rich.table import Table

from bedplate.bundle import verify_bundle
from bedplate.bundle.exceptions import declared_exceptions
from bedplate.bundle.write_bundle import bundle_digest
from bedplate.cli.bundle_argument import BundleArgument
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.sizes import human

EPILOG = "Example: bedplate bundle inspect /media/bundle --output json"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("inspect", epilog=EPILOG)(_inspect)


def _inspect(folder: BundleArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show what a bundle holds. Nothing is verified."""
    release = verify_bundle.read_release(folder)
    manifest = bundle_layout.BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes())
    allowed = declared_exceptions(folder, release)
    known = {"digest": bundle_digest(manifest), **release.model_dump(), "exceptions": allowed}
    print_result(known, output, lambda: _print(release, manifest, allowed))


def _print(release: ReleaseFile, manifest: bundle_layout.BundleManifest, allowed: list[dict[str, str]]) -> None:
    console = table_console()
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
