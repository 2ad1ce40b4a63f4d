"""The command `bedplate bundle cve`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.shared_options import BundleArgument, ImageOption, SummaryOption
from bedplate.cve import advisory_files
from bedplate.cve.advisory import Severity
from bedplate.cve.vulnerability import AdvisoryMatch, MatchResult, installed_packages, match_advisories
from bedplate.sbom import bundled_documents

EXAMPLE = "bedplate bundle cve /media/bundle --db /media/osv/all.zip --fail-on high"
EXIT_CODES = {
    0: "no finding at or above --fail-on",
    1: "a finding at or above --fail-on, or a version that could not be compared",
    2: "bad input",
}


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "cve", _cve, examples=EXAMPLE, exit_codes=EXIT_CODES)


def _cve(  # noqa: PLR0913  each is an option people type
    folder: BundleArgument,
    *,
    db: Annotated[
        Path,
        typer.Option(metavar="PATH", help="Advisories in the OSV format: a JSON file, JSON lines, a zip or a folder."),
    ],
    image: ImageOption = "",
    fail_on: Annotated[
        Severity,
        typer.Option(help="Exit with 1 for a finding of this severity or higher. Unknown counts as highest."),
    ] = Severity.LOW,
    summary: SummaryOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Match a bundle's packages against known vulnerabilities.

    Reads the advisories from a file that you carry in. Works offline: contacts no host.
    """
    packages = installed_packages(bundled_documents.parse_sbom(bundled_documents.read_sbom(folder, image)))
    result = match_advisories(packages, advisory_files.read_advisories(db))
    facts = _totals(result, len(packages)) if summary else _facts(result, len(packages))
    print_result(facts, output, lambda: _print(result, len(packages), summary=summary))
    if result.unclear or any(hit.severity.rank >= fail_on.rank for hit in result.hits):
        raise typer.Exit(1)


def _facts(result: MatchResult, packages: int) -> dict[str, Any]:
    return {
        "packages": packages,
        "advisories": result.read,
        "withdrawn": result.withdrawn,
        "otherEcosystems": dict(sorted(result.foreign.items())),
        "unclear": [{"id": advisory, "purl": purl, "why": why} for advisory, purl, why in result.unclear],
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


def _totals(result: MatchResult, packages: int) -> dict[str, Any]:
    severities = Counter(str(hit.severity) for hit in result.hits)
    counts = {"findings": len(result.hits), "severities": dict(severities), "unclear": len(result.unclear)}
    return {"packages": packages, "advisories": result.read, **counts}


def _print(result: MatchResult, packages: int, *, summary: bool) -> None:
    console = table_console()
    if result.hits and not summary:
        rows = [_row(hit, holders) for hit, holders in _by_source(result.hits)]
        console.print(table("severity", "advisory", "package, what it is in, and what is wrong", rows=rows))
    for advisory, purl, why in () if summary else result.unclear:
        console.print(f"unclear: {advisory} for {purl}: {why}", highlight=False, soft_wrap=True)
    if summary and result.hits:
        counts = Counter(hit.severity for hit in result.hits)
        worst_first = sorted(counts.items(), key=lambda item: -item[0].rank)
        console.print(", ".join(f"{count} {severity}" for severity, count in worst_first), highlight=False)
    others = ", ".join(f"{count} of {name}" for name, count in sorted(result.foreign.items())) or "none"
    facts = f"{packages} packages, {result.read} advisories ({result.withdrawn} withdrawn)"
    counted = f"{len(result.hits)} apply, {len(result.unclear)} unclear; other ecosystems: {others}"
    console.print(f"{facts}: {counted}", soft_wrap=True)


def _row(hit: AdvisoryMatch, holders: list[str]) -> tuple[str, str, str]:
    fixed = f"fixed in {', '.join(hit.fixed)}" if hit.fixed else "no fixed version"
    package = f"{hit.package.name} {hit.package.version}, {fixed}"
    return str(hit.severity), hit.advisory.id, f"{package}\nin {_few(holders)}\n{hit.advisory.title}"


def _by_source(hits: list[AdvisoryMatch]) -> list[tuple[AdvisoryMatch, list[str]]]:
    """Return one hit per advisory and version of a source package, with the images that it is in."""
    groups: dict[tuple[str, str, str], list[AdvisoryMatch]] = {}
    for hit in hits:
        groups.setdefault((hit.advisory.id, hit.package.name, hit.package.version), []).append(hit)
    return [(hits[0], sorted({holder for hit in hits for holder in hit.package.holders})) for hits in groups.values()]


def _few(holders: list[str]) -> str:
    """Return the first of some image names, without its registry, and how many more there are."""
    more = f" and {len(holders) - 1} more" if len(holders) > 1 else ""
    return holders[0].rpartition("/")[2] + more if holders else "hosts' packages"
