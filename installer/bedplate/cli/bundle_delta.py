"""`bedplate bundle delta`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.artifacts.cache import Cache
from bedplate.build.build_bundle import default_key
from bedplate.bundle import publisher_signature
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.progress_lines import ProgressLines
from bedplate.cli.site_key_option import site_public_key
from bedplate.core import quantity
from bedplate.core.errors import InputError
from bedplate.core.sizes import human
from bedplate.delta import inventory
from bedplate.delta.delta_plan import DeltaPlan, DeltaRequest, plan_delta
from bedplate.delta.write_delta import Split, split_payload, write_delta

EPILOG = "Example: bedplate bundle delta /srv/2026.11.1 --inventory lab.inventory --out /srv/delta --split 4GB"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("delta", epilog=EPILOG)(_delta)


def _delta(  # noqa: PLR0913  each is an option people type
    full: Annotated[Path, typer.Argument(metavar="FULL", help="The full bundle's directory.")],
    *,
    listed: Annotated[Path, typer.Option("--inventory", help="What `bundle inventory` wrote at the site.")],
    out: Annotated[Path | None, typer.Option(help="Directory for the delta; not needed with --dry-run.")] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="An older bundle the site should have; patches start from its blobs.")
    ] = None,
    split: Annotated[str, typer.Option(help="Size of a medium, such as 4GB.", show_default="one part")] = "",
    key: Annotated[Path | None, typer.Option(help="The publisher's private key.", show_default="your own")] = None,
    site: Annotated[
        str, typer.Option(help="The site's public key (pki/site.pub).", show_default="by the inventory's environment")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be carried.")] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Write what a site lacks of a bundle: whole files, and patches where they are at least 40 % smaller.

    Every patch is proven here by applying it. Patches are kept in the cache, so a dry run costs the real one nothing.
    """
    if not out and not dry_run:
        raise InputError("option --out", "is needed", "give a folder, or --dry-run")
    private, medium = key or default_key(), _bytes(split)
    known = inventory.unseal(listed, lambda name: site_public_key(site, name))
    order = DeltaRequest(full, publisher_signature.public_key(private), known, against or [])
    plan = plan_delta(order, Cache(), ProgressLines(Console(stderr=output is OutputFormat.JSON)))
    chosen = split_payload(plan, medium)
    if out and not dry_run:
        write_delta(plan, out, private, medium)
    print_result(_facts(plan, chosen), output, _summary(plan, chosen, split, None if dry_run else out))


def _bytes(text: str) -> int:
    try:
        size = quantity.parse(text.removesuffix("B")) if text else Decimal(0)
    except ValueError as error:
        raise InputError(f"size {text}", "is none", "write 4GB, 700MB or 4GiB") from error
    if text and size < 1:
        raise InputError(f"size {text}", "is less than a byte", "write 4GB, 700MB or 4GiB")
    return int(size)


def _size(plan: DeltaPlan, chosen: Split) -> int:
    return plan.payload_size + chosen.count * chosen.header_size


def _facts(plan: DeltaPlan, chosen: Split) -> dict[str, object]:
    patched = [item for item in plan.carried if item.patch]
    whole = [item for item in plan.carried if not item.patch]
    return {
        "release": plan.manifest.release,
        "site": plan.inventory.site,
        "bases": [held.release for held in plan.inventory.releases],
        "full": plan.bundle_size,
        "delta": _size(plan, chosen),
        "media": chosen.count,
        "kept": len(plan.kept),
        "whole": {"files": len(whole), "bytes": sum(item.length for item in whole)},
        "patches": {
            "files": len(patched),
            "bytes": sum(item.length for item in patched),
            "in_place_of": sum(item.file.size for item in patched),
        },
        "notes": plan.notes,
    }


def _summary(plan: DeltaPlan, chosen: Split, split: str, out: Path | None) -> str:
    patched = [item for item in plan.carried if item.patch]
    whole = sum(item.length for item in plan.carried if not item.patch)
    before = ", ".join(held.release for held in plan.inventory.releases) or "nothing"
    media = f"{chosen.count} {'medium' if chosen.count == 1 else 'media'} of {split}" if split else "one part"
    size = sum(item.length for item in patched)
    saved = sum(item.file.size for item in patched) - size
    sizes = f"full {human(plan.bundle_size)}, delta {human(_size(plan, chosen))}"
    lines = [
        *plan.notes,
        f"{before} → {plan.manifest.release}: {sizes}, {media}",
        f"  at the site already  {len(plan.kept)} files, {human(sum(file.size for file in plan.kept))}",
        f"  carried whole        {len(plan.carried) - len(patched)} files, {human(whole)}",
        f"  carried as patches   {len(patched)} files, {human(size)}, which saves {human(saved)}",
    ]
    if out:
        lines.append(f"{out}: carry it in, then: bedplate bundle merge PARTS --out BUNDLE --publisher ENV")
    return "\n".join(lines)
