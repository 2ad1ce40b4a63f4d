"""The command `bedplate bundle build`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.artifacts import rebuild
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.binary_cache import cache_address
from bedplate.build.build_bundle import BuiltBundle, build_bundle, default_key
from bedplate.bundle import publisher_signature
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.progress_lines import ProgressLines
from bedplate.cli.shared_options import FromKeyOption, FromOption, SigningKeyOption
from bedplate.config.catalog import Catalog
from bedplate.core.errors import InputError
from bedplate.core.sizes import human

EXAMPLES = """bedplate bundle build 2026.11.0 --out /srv/bundle
# build everything again from source, and compare
bedplate bundle build 2026.11.0 --check"""
EXIT_CODES = {0: "done", 1: "failed, or an output differs from the lock", 2: "bad input"}


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "build", _build, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _build(  # noqa: PLR0913  each is an option people type
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Version of the release, or its folder.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the bundle; an older bundle in it is updated.")
    ] = None,
    key: SigningKeyOption = None,
    record: Annotated[bool, typer.Option("--record", help="Write the digests of the outputs into the lock.")] = False,
    from_: FromOption = None,
    from_key: FromKeyOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write no bundle: build again from source, and compare with the lock.")
    ] = False,
    only: Annotated[
        str, typer.Option(metavar="PATTERN", help="With --check: build only matching entries, such as 'go:*'.")
    ] = "*",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Fetch or build every artifact of a release, and write a signed bundle.

    Writes the bundle only if no artifact is missing. Artifacts in the cache are not built again. An output that differs
    from the lock is refused.
    """
    catalog, console = load_release(release), Console(stderr=True)
    if check:
        _check(catalog, only, output, ProgressLines(console))
        return
    if out is None:
        raise InputError("option --out", "is missing", "give a folder for the bundle, or --check")
    publisher_signature.check_key(key or default_key())
    caches = cache_address.parse_caches(from_, from_key)
    reporter = ProgressLines(console if output is OutputFormat.JSON else Console())
    built = build_bundle(catalog, out, key or default_key(), record=record, caches=caches, reporter=reporter)
    print_result(_facts(built), output, _summary(built))


def _facts(built: BuiltBundle) -> dict[str, object]:
    size = sum(file.size for file in built.manifest.files)
    known = {"bundle": str(built.folder), "release": built.release.release, "digest": built.digest}
    return {**known, "files": len(built.manifest.files), "bytes": size, "references": built.references}


def _summary(built: BuiltBundle) -> str:
    size = human(sum(file.size for file in built.manifest.files))
    complete = f"complete: all {built.references} image references resolve in it"
    return f"{built.folder}: release {built.release.release}, {size}, {complete}\nbundle digest {built.digest}"


def _check(catalog: Catalog, only: str, output: OutputFormat, reporter: ProgressLines) -> None:
    parent = Cache().folder("checks")
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        results = rebuild.rebuild(catalog, Cache(Path(folder)), only, reporter)
    same = sum(result.verdict is rebuild.Verdict.SAME for result in results)
    facts = [{"id": r.id, "verdict": r.verdict.value, "locked": r.locked, "made": r.made} for r in results]
    text = f"{same} of {len(results)} artifacts built again are identical to the lock"
    print_result({"release": catalog.release.version, "artifacts": facts}, output, lambda: _print(results, text))
    if same < len(results):
        raise typer.Exit(1)


def _print(results: list[rebuild.RebuildResult], text: str) -> None:
    console = table_console()
    console.print(table("artifact", "verdict", "locked", "made", rows=map(_row, results)))
    console.print(text)


def _row(result: rebuild.RebuildResult) -> tuple[str, str, str, str]:
    colour = "green" if result.verdict is rebuild.Verdict.SAME else "red"
    verdict = f"[{colour}]{result.verdict.value}[/]"
    return result.id, verdict, result.locked[:12], result.made[:12] or result.fact
