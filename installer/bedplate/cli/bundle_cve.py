"""`bedplate bundle cve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.cve import advisory_files
from bedplate.cve.advisory import Severity
from bedplate.cve.vulnerability import AdvisoryMatch, MatchResult, installed_packages, match_advisories
from bedplate.sbom import bundled_documents

EPILOG = "Example: bedplate bundle cve /media/bundle --db /media/osv/all.zip --fail-on high"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("cve", epilog=EPILOG)(_cve)


def _cve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's directory.")],
    *,
    db: Annotated[Path, typer.Option(help="Advisories in the OSV format: JSON, JSON lines, a zip or a folder.")],
    image: Annotated[str, typer.Option(help="One image: its name, or the end of it.", show_default="all")] = "",
    fail_on: Annotated[
        Severity, typer.Option(help="Exit with 1 for one this bad, or worse; unknown counts as the worst.")
    ] = Severity.LOW,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Match a bundle's packages against a carried file of advisories. No network is asked.

    Exit code 0 when nothing is as bad as --fail-on, 1 otherwise.
    """
    packages = installed_packages(bundled_documents.parse(bundled_documents.read_sbom(folder, image)))
    result = match_advisories(packages, advisory_files.read_advisories(db))
    print_result(_facts(result, len(packages)), output, lambda: _print(result, len(packages)))
    if result.unclear or any(hit.severity.rank >= fail_on.rank for hit in result.hits):
        raise typer.Exit(1)


def _facts(result: MatchResult, packages: int) -> dict[str, Any]:
    return {
        "packages": packages,
        "advisories": result.read,
        "withdrawn": result.withdrawn,
        "otherEcosystems": dict(sorted(result.foreign.items())),
        "unclear": [{"id": one, "purl": purl, "why": why} for one, purl, why in result.unclear],
        "findings": [_finding(hit) for hit in result.hits],
    }


def _finding(hit: AdvisoryMatch) -> dict[str, Any]:
    return {
        "id": hit.advisory.id,
        "aliases": hit.advisory.aliases,
        "severity": hit.severity,
        "purl": hit.package.purl,
        "package": hit.package.name,
        "version": hit.package.version,
        "in": list(hit.package.holders),
        "fixed": list(hit.fixed),
        "summary": hit.advisory.title,
    }


def _print(result: MatchResult, packages: int) -> None:
    console = table_console()
    if result.hits:
        table = Table(box=None, pad_edge=False)
        for heading in ("severity", "advisory", "package", "version", "fixed in", "is in", "about"):
            table.add_column(heading, overflow="fold")
        for hit, holders in _by_source(result.hits):
            said = (hit.severity, hit.advisory.id, hit.package.name, hit.package.version)
            table.add_row(*said, ", ".join(hit.fixed) or "-", _few(holders), hit.advisory.title)
        console.print(table)
    for advisory, purl, why in result.unclear:
        console.print(f"unclear: {advisory} for {purl}: {why}", highlight=False, soft_wrap=True)
    others = ", ".join(f"{count} of {name}" for name, count in sorted(result.foreign.items())) or "none"
    facts = f"{packages} packages, {result.read} advisories ({result.withdrawn} withdrawn)"
    console.print(f"{facts}: {len(result.hits)} apply, {len(result.unclear)} unclear; other ecosystems: {others}")


def _by_source(hits: list[AdvisoryMatch]) -> list[tuple[AdvisoryMatch, list[str]]]:
    """Return one hit per advisory and version of a source, with all that its packages are in."""
    groups: dict[tuple[str, str, str], list[AdvisoryMatch]] = {}
    for hit in hits:
        groups.setdefault((hit.advisory.id, hit.package.name, hit.package.version), []).append(hit)
    return [(some[0], sorted({holder for hit in some for holder in hit.package.holders})) for some in groups.values()]


def _few(holders: list[str]) -> str:
    """Return the first of some names, without their registries, and how many more there are."""
    more = f" and {len(holders) - 1} more" if len(holders) > 1 else ""
    return holders[0].rpartition("/")[2] + more if holders else "hosts' packages"
