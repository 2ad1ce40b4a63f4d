"""The command `bedplate bundle inspect`."""

from __future__ import annotations

from collections import Counter

import typer

from bedplate.bundle import verify_bundle
from bedplate.bundle.exceptions import declared_exceptions
from bedplate.bundle.write_bundle import bundle_digest
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.shared_options import BundleArgument, SummaryOption
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundledArtifact, BundleManifest, ReleaseFile
from bedplate.core.sizes import human

EXAMPLES = """bedplate bundle inspect /media/bundle --summary
bedplate bundle inspect /media/bundle --output json"""


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "inspect", _inspect, examples=EXAMPLES)


def _inspect(
    folder: BundleArgument, *, summary: SummaryOption = False, output: OutputOption = OutputFormat.TEXT
) -> None:
    """Show what a bundle contains.

    Verifies nothing: run `bedplate bundle verify` first.
    """
    release = verify_bundle.read_release(folder)
    manifest = BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes())
    kinds = dict(sorted(Counter(artifact.kind for artifact in release.artifacts).items()))
    if summary:
        totals = {"release": release.release, "digest": bundle_digest(manifest), "artifacts": kinds}
        print_result(totals, output, lambda: _print_totals(release, manifest, kinds))
        return
    allowed = declared_exceptions(folder, release)
    known = {"digest": bundle_digest(manifest), **release.model_dump(), "exceptions": allowed}
    print_result(known, output, lambda: _print(release, manifest, kinds, allowed))


def _print(
    release: ReleaseFile, manifest: BundleManifest, kinds: dict[str, int], allowed: list[dict[str, str]]
) -> None:
    console = table_console()
    console.print(
        table("kind", "digest", "artifact (component)", rows=map(_row, sorted(release.artifacts, key=_order)))
    )
    for left_out in allowed:
        console.print("left out by {component}: {kind} {what}: {reason}".format(**left_out))
    _print_totals(release, manifest, kinds)


def _order(artifact: BundledArtifact) -> tuple[str, str]:
    return artifact.kind, artifact.id


def _row(artifact: BundledArtifact) -> tuple[str, str, str]:
    component = f" ({artifact.component})" if artifact.component else ""
    return artifact.kind, artifact.sha256[:12], artifact.id.partition(":")[2] + component


def _print_totals(release: ReleaseFile, manifest: BundleManifest, kinds: dict[str, int]) -> None:
    console = table_console()
    blobs = {file.sha256: file.size for file in manifest.files}
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    console.print(f"release {release.release}: {counts}; {len(blobs)} blobs, {human(sum(blobs.values()))}")
    console.print(f"bundle digest {bundle_digest(manifest)}")
