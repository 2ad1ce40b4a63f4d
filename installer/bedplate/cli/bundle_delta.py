"""The command `bedplate bundle delta`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.artifacts.cache import Cache
from bedplate.build.build_bundle import default_key
from bedplate.bundle import publisher_signature
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.progress_lines import ProgressLines
from bedplate.cli.shared_options import SigningKeyOption, SiteKeyOption
from bedplate.cli.site_public_key import site_public_key
from bedplate.core import quantity
from bedplate.core.errors import InputError
from bedplate.core.sizes import human
from bedplate.delta import inventory
from bedplate.delta.delta_plan import DeltaPlan, DeltaRequest, plan_delta
from bedplate.delta.write_delta import Split, split_payload, write_delta

EXAMPLE = """bedplate bundle delta /srv/2026.11.1 --inventory lab.inventory \\
    --out /srv/delta --split 4GB"""
SIZE_HINT = "write 4GB, 700MB or 4GiB"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "delta", _delta, examples=EXAMPLE)


def _delta(  # noqa: PLR0913  each is an option people type
    full: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the full bundle.")],
    *,
    inventory_file: Annotated[
        Path, typer.Option("--inventory", metavar="FILE", help="Inventory file from the site (`bundle inventory`).")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the delta. Not needed with --dry-run.")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Older bundle to make patches from, which the site should have. Repeatable."),
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="SIZE", help="Size of one medium, such as 4GB.", show_default="one part")
    ] = "",
    key: SigningKeyOption = None,
    site: SiteKeyOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; only print the sizes. Needs no publisher's key.")
    ] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Write the part of a bundle that a site lacks.

    Changed files are carried as patches if that saves 40 % or more, otherwise whole. Every patch is verified here by
    applying it. Patches are cached, so a run after a dry run is fast.
    """
    if not out and not dry_run:
        raise InputError("option --out", "is missing", "give a folder, or --dry-run")
    private, medium = key or default_key(), _bytes(split)
    known = inventory.unseal(inventory_file, lambda name: site_public_key(site, name))
    is_keyless = dry_run and not key and not publisher_signature.exists(private)
    publisher = "" if is_keyless else publisher_signature.public_key(private)
    request = DeltaRequest(full, publisher, known, against or [])
    plan = plan_delta(request, Cache(), ProgressLines(Console(stderr=output is OutputFormat.JSON)))
    parts = split_payload(plan, medium)
    if out and not dry_run:
        write_delta(plan, out, private, medium)
    print_result(_facts(plan, parts), output, _summary(plan, parts, split, None if dry_run else out))


def _bytes(text: str) -> int:
    try:
        size = quantity.parse(text.removesuffix("B")) if text else Decimal(0)
    except ValueError as error:
        raise InputError(f"size {text}", "is not a size", SIZE_HINT) from error
    if text and size < 1:
        raise InputError(f"size {text}", "is less than one byte", SIZE_HINT)
    return int(size)


def _size(plan: DeltaPlan, parts: Split) -> int:
    return plan.payload_size + parts.count * parts.header_size


def _facts(plan: DeltaPlan, parts: Split) -> dict[str, object]:
    patched = [file for file in plan.carried if file.patch]
    whole = [file for file in plan.carried if not file.patch]
    return {
        "release": plan.manifest.release,
        "site": plan.inventory.site,
        "bases": [held.release for held in plan.inventory.releases],
        "full": plan.bundle_size,
        "delta": _size(plan, parts),
        "media": parts.count,
        "kept": len(plan.kept),
        "whole": {"files": len(whole), "bytes": sum(file.length for file in whole)},
        "patches": {
            "files": len(patched),
            "bytes": sum(file.length for file in patched),
            "in_place_of": sum(file.file.size for file in patched),
        },
        "notes": plan.notes,
    }


def _summary(plan: DeltaPlan, parts: Split, split: str, out: Path | None) -> str:
    patched = [file for file in plan.carried if file.patch]
    whole = sum(file.length for file in plan.carried if not file.patch)
    before = ", ".join(held.release for held in plan.inventory.releases) or "nothing"
    media = f"{parts.count} {'medium' if parts.count == 1 else 'media'} of {split}" if split else "one part"
    size = sum(file.length for file in patched)
    saved = sum(file.file.size for file in patched) - size
    sizes = f"full {human(plan.bundle_size)}, delta {human(_size(plan, parts))}"
    lines = [
        *plan.notes,
        f"{before} → {plan.manifest.release}: {sizes}, {media}",
        f"  at the site already  {len(plan.kept)} files, {human(sum(file.size for file in plan.kept))}",
        f"  carried whole        {len(plan.carried) - len(patched)} files, {human(whole)}",
        f"  carried as patches   {len(patched)} files, {human(size)} (saves {human(saved)})",
    ]
    if out:
        lines.append(f"Carry in {out}, then run: bedplate bundle merge PARTS --out BUNDLE --publisher ENV")
    return "\n".join(lines)
