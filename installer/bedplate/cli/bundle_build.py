"""`bedplate bundle build`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bedplate.artifacts import rebuild
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.binary_cache import cache_address
from bedplate.build.build_bundle import BuiltBundle, build_bundle, default_key
from bedplate.cli.cache_options import FromKeyOption, FromOption
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.cli.progress_lines import ProgressLines
from bedplate.config.catalog import Catalog
from bedplate.core.errors import InputError
from bedplate.core.sizes import human

EPILOG = "Example: bedplate bundle build 2026.11.0 --out /srv/bundle"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("build", epilog=EPILOG)(_build)


def _build(  # noqa: PLR0913  each is an option people type
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Version of the release, or its folder.")],
    *,
    out: Annotated[Path | None, typer.Option(help="The bundle's directory; an older bundle there is updated.")] = None,
    key: Annotated[Path | None, typer.Option(help="The publisher's private key.", show_default="your own")] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the digests that come out into the lock.")] = False,
    from_: FromOption = None,
    from_key: FromKeyOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write no bundle: build again from source and compare with the lock.")
    ] = False,
    only: Annotated[str, typer.Option(metavar="PATTERN", help="With --check: only entries such as 'go:*'.")] = "*",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Have every artifact of a release, prove that none is missing, write the bundle and sign it.

    What was made before is taken from the cache; an output that differs from the lock is refused. What a
    binary cache has (--from) is not built; each byte of it is compared with the lock.
    """
    found, console = load_release(release), Console(stderr=True)
    if check:
        _check(found, only, output, ProgressLines(console))
        return
    if out is None:
        raise InputError("bundle build", "has no --out", "say where the bundle goes, or --check")
    origins = cache_address.parse_caches(from_, from_key)
    told = ProgressLines(console if output is OutputFormat.JSON else Console())
    made = build_bundle(found, out, key or default_key(), record=record, origins=origins, reporter=told)
    print_result(_facts(made), output, _summary(made))


def _facts(made: BuiltBundle) -> dict[str, object]:
    size = sum(file.size for file in made.manifest.files)
    known = {"bundle": str(made.folder), "release": made.release.release, "digest": made.digest}
    return {**known, "files": len(made.manifest.files), "bytes": size, "references": made.references}


def _summary(made: BuiltBundle) -> str:
    size = human(sum(file.size for file in made.manifest.files))
    closure = f"{made.references} image references, none outside"
    return f"{made.folder}: release {made.release.release}, {size}, {closure}\nbundle digest {made.digest}"


def _check(found: Catalog, only: str, output: OutputFormat, told: ProgressLines) -> None:
    parent = Cache().folder("checks")
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        results = rebuild.rebuild(found, Cache(Path(folder)), only, told)
    wrong = [one for one in results if one.verdict is not rebuild.Verdict.SAME]
    facts = [{"id": r.id, "verdict": r.verdict.value, "locked": r.locked, "made": r.made} for r in results]
    text = f"{len(results)} artifacts built again, {len(results) - len(wrong)} byte for byte as locked"
    print_result({"release": found.release.version, "artifacts": facts}, output, lambda: _print(results, text))
    if wrong:
        raise typer.Exit(1)


def _print(results: list[rebuild.RebuildResult], text: str) -> None:
    console, table = table_console(), Table("artifact", "verdict", "locked", "made", box=None, pad_edge=False)
    for one in results:
        colour = "green" if one.verdict is rebuild.Verdict.SAME else "red"
        table.add_row(one.id, f"[{colour}]{one.verdict.value}[/]", one.locked[:12], one.made[:12] or one.fact)
    console.print(table)
    console.print(text)
