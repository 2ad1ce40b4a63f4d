"""`bedplate drift`: what is there, beside what is rendered and what was applied last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console

from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.drift.drift_difference import Cause, Drift, ObjectDifference
from bedplate.kube.change import path_text
from bedplate.remote import bastion

EPILOG = "Example: bedplate drift lab --output json"
SAME, DRIFTED, UNKNOWN = 0, 1, 2
LONGEST = 200
WORDS = {
    Cause.DELETED: "is gone; somebody deleted it",
    Cause.FOREIGN: "carries a component's label, and no component declares it",
    Cause.PENDING: "is not applied yet",
}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("drift", epilog=EPILOG)(_drift)


def _drift(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    *,
    hosts: Annotated[bool, typer.Option("--hosts/--no-hosts", help="Ask the hosts, too; takes a minute.")] = True,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Say what differs between an environment as it is rendered, as it was applied last, and as it is.

    What somebody else changed is drift; who and when is said as far as the cluster knows. What the next apply brings is
    told apart. Nothing is changed: `bedplate apply ENV --all-steps` brings back what is rendered, and leaves what
    others only added. Exit codes: 0 no drift, 1 drift, 2 something could not be asked.
    """
    site = bastion.run_on_bastion(environment)
    from bedplate.apply import installation  # noqa: PLC0415  as above
    from bedplate.drift import read_drift  # noqa: PLC0415  it loads what only the bastion needs

    with Console(stderr=True).status("reading") as status:
        found = read_drift.read_drift(installation.load(site), with_hosts=hosts, say=status.update)
    print_result(found.as_json(), output, lambda: _print(found, with_hosts=hosts))
    raise typer.Exit(UNKNOWN if found.unknown else DRIFTED if found.is_drifted else SAME)


def _print(found: Drift, *, with_hosts: bool) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{found.environment}: release {found.release} rendered, {found.applied or 'none'} applied last")
    counts = f"{found.looked} objects compared: {len(found.drifted)} drifted, {len(found.pending)} pending"
    asked = f"hosts: {len(found.hosts)} tasks would change something" if with_hosts else "hosts: not asked"
    console.print(f"{counts}; {asked}")
    _print_objects(console, "Drift: changed by others since the last apply", found.drifted)
    _print_objects(console, "Pending: the next apply brings it", found.pending)
    for one in found.hosts:
        pending = ", pending" if one.cause is Cause.PENDING else ""
        console.print(f"\n{one.host}  {one.task}{pending}")
        for line in one.text.splitlines():
            console.print(f"    {line}")
    for reason in found.unknown:
        console.print(f"\nnot known: {reason}")
    if found.is_drifted:
        console.print(f"\nNext: bedplate apply {found.environment} --all-steps; what others only added stays")


def _print_objects(console: Console, title: str, differences: Iterable[ObjectDifference]) -> None:
    listed = list(differences)
    if listed:
        console.print(f"\n{title}")
    for one in listed:
        by = f"  ({one.writer})" if one.writer else ""
        console.print(f"  {one.identity}  {_text(one)}{by}")


def _text(one: ObjectDifference) -> str:
    if not one.path:
        return WORDS[one.cause]
    if one.cause is Cause.PENDING:
        return f"{path_text(one.path)}: {_value(one.live)} → {_value(one.desired)}"
    also = "" if one.desired == one.applied else f", and the next apply would make it {_value(one.desired)}"
    return f"{path_text(one.path)}: {_value(one.applied)} → {_value(one.live)}{also}"


def _value(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
