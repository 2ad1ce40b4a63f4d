"""The command `bedplate drift`: the live state compared with what is rendered and what was applied last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from bedplate.cli.command_groups import BAD_INPUT, FAILURE, add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import EnvironmentArgument, SummaryOption
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.sizes import count_of
from bedplate.drift.drift_difference import Drift
from bedplate.kube.change import path_text
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from bedplate.remote import bastion

EXAMPLES = """bedplate drift lab
bedplate drift lab --no-hosts --summary"""
SAME, DRIFTED, UNKNOWN = 0, 1, 3
EXIT_CODES = {
    SAME: "no drift",
    DRIFTED: "drift, and everything could be queried",
    BAD_INPUT: "bad input",
    UNKNOWN: "a host, the cluster or the bastion could not be queried",
}
LONGEST = 200
"""Characters of a value that are shown."""
WORDS = {
    Cause.DELETED: "was deleted",
    Cause.FOREIGN: "has a component's label, but no component declares it",
    Cause.PENDING: "is not applied yet",
}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "drift", _drift, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _drift(
    environment: EnvironmentArgument,
    *,
    hosts: Annotated[bool, typer.Option("--hosts/--no-hosts", help="Query the hosts, too; takes a minute.")] = True,
    summary: SummaryOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Show what others have changed in the cluster and on the hosts.

    Compares the live state with what is rendered and with what was applied last. A change by others is drift, with its
    author and time if the cluster recorded them. A change that the next apply makes is pending.

    Changes nothing. To restore what is rendered, run `bedplate apply ENV`; it keeps labels, annotations and whole
    objects that others added. If a host still differs afterwards, add --all-steps.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    with _failures_are_unknown():
        site = bastion.run_on_bastion(environment)
        from bedplate.apply import installation  # noqa: PLC0415  as above
        from bedplate.drift import read_drift  # noqa: PLC0415  it loads what only the bastion needs

        with Console(stderr=True).status("reading") as status:
            drift = read_drift.read_drift(installation.load(site), with_hosts=hosts, say=status.update)
    facts = _totals(drift) if summary else drift.as_json()
    print_result(facts, output, lambda: _print(drift, with_hosts=hosts, summary=summary))
    raise typer.Exit(UNKNOWN if drift.unknown else DRIFTED if drift.is_drifted else SAME)


@contextmanager
def _failures_are_unknown() -> Iterator[None]:
    """Let a failure end with UNKNOWN, so that a script does not take it for drift."""
    try:
        yield
    except (BedplateError, ErrorList) as error:
        for one in error.errors if isinstance(error, ErrorList) else [error]:
            one.exit_code = UNKNOWN if one.exit_code == FAILURE else one.exit_code
        raise


def _totals(drift: Drift) -> dict[str, Any]:
    counts = {"looked": drift.looked, "drifted": len(drift.drifted), "pending": len(drift.pending)}
    known = {"environment": drift.environment, "release": drift.release, "applied": drift.applied}
    return {**known, **counts, "hosts": len(drift.hosts), "unknown": len(drift.unknown)}


def _print(drift: Drift, *, with_hosts: bool, summary: bool) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{drift.environment}: release {drift.release} rendered, {drift.applied or 'none'} applied last")
    counts = f"{count_of(drift.looked, 'object')} compared: {len(drift.drifted)} drifted, {len(drift.pending)} pending"
    tasks = (
        f"hosts: {count_of(len(drift.hosts), 'task')} would change something" if with_hosts else "hosts: not queried"
    )
    console.print(f"{counts}; {tasks}")
    if summary:
        return
    _print_objects(console, "Drift: changed by others since the last apply", drift.drifted)
    _print_objects(console, "Pending: the next apply changes it", drift.pending)
    for difference in drift.hosts:
        pending = ", pending" if difference.cause is Cause.PENDING else ""
        console.print(f"\n{difference.host}  {difference.task}{pending}")
        for line in difference.text.splitlines():
            console.print(f"    {line}")
    for reason in drift.unknown:
        console.print(f"\nunknown: {reason}")
    if drift.is_drifted:
        console.print(f"\nTo restore what is rendered: bedplate apply {drift.environment}")
        console.print("Labels, annotations and whole objects that others added stay.")


def _print_objects(console: Console, title: str, differences: Iterable[ObjectDifference]) -> None:
    listed = list(differences)
    if listed:
        console.print(f"\n{title}")
    for difference in listed:
        author = f"  ({difference.writer})" if difference.writer else ""
        console.print(f"  {difference.identity}  {_text(difference)}{author}")


def _text(difference: ObjectDifference) -> str:
    if not difference.path:
        return WORDS[difference.cause]
    path = path_text(difference.path)
    if difference.cause is Cause.PENDING:
        return f"{path}: {_value(difference.live)} → {_value(difference.desired)}"
    changed = difference.desired != difference.applied
    also = f"; the next apply would set it to {_value(difference.desired)}" if changed else ""
    return f"{path}: {_value(difference.applied)} → {_value(difference.live)}{also}"


def _value(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
