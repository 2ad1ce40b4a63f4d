"""`bedplate lab up|status|shell|down`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bedplate.cli.cache_options import FromKeyOption, FromOption
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.lab import lab_address

NameOption = Annotated[str, typer.Option("--name", help="The lab's name; several stand side by side.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    lab = typer.Typer(no_args_is_help=True, help="A datacenter of containers on this computer, without a route out.")
    lab.command("up", epilog="Example: bedplate lab up --name second")(_up)
    lab.command("status", epilog="Example: bedplate lab status --output json")(_status)
    # What follows the machine's name is the machine's business, options included.
    verbatim = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    lab.command("shell", epilog="Example: bedplate lab shell cp1 journalctl -u kubelet", context_settings=verbatim)(
        _shell
    )
    lab.command("down", epilog="Example: bedplate lab down")(_down)
    app.add_typer(lab, name="lab")


def _up(name: NameOption = lab_address.DEFAULT, from_: FromOption = None, from_key: FromKeyOption = None) -> None:
    """Build the bundle, make the machines, install the release inside them and check it.

    Needs root on Debian 12; names the packages it misses there and installs them. A second run goes on
    where the first stopped, and is quick where nothing is left to do.
    """
    # what they load takes a second, and `down` needs none of it
    from bedplate.binary_cache import cache_address  # noqa: PLC0415
    from bedplate.lab import prerequisites, up  # noqa: PLC0415

    prerequisites.check_root()
    code = up.bring_up(lab_address.reserve_lab(name), Console(stderr=True), cache_address.parse_caches(from_, from_key))
    if code:
        raise typer.Exit(code)


def _status(name: NameOption = lab_address.DEFAULT, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show a lab's machines and nodes, its release, and how many packets tried to leave it."""
    from bedplate.lab import lab_status  # noqa: PLC0415  as above

    found = lab_status.read_status(lab_address.find_lab(name))
    print_result(found, output, lambda: _print(found))


def _print(found: dict[str, Any]) -> None:
    console = table_console()
    table = Table("machine", "address", "state", "node", box=None, pad_edge=False)
    for name, machine in found["machines"].items():
        table.add_row(name, machine["address"], machine["state"] or "missing", found["nodes"].get(name, ""))
    console.print(f"lab {found['lab']}, network {found['network']}, release {found['release'] or 'none yet'}")
    console.print(table)
    packets = found["packets_outside"]
    console.print(f"packets that tried to leave: {'not known' if packets is None else packets}")


def _shell(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="bastion, cp1 or worker1.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="What to run in place of a shell.")
    ] = None,
    *,
    name: NameOption = lab_address.DEFAULT,
) -> None:
    """Open a root shell on a machine of a lab, or run one command there."""
    from bedplate.lab import shell  # noqa: PLC0415  as above

    raise typer.Exit(
        shell.run_on_machine(lab_address.find_lab(name), machine, words or [], terminal=sys.stdin.isatty())
    )


def _down(name: NameOption = lab_address.DEFAULT) -> None:
    """Remove a lab: machines, network, rules, keys and environment. The caches stay."""
    from bedplate.lab import down  # noqa: PLC0415  as above

    if name not in [lab.name for lab in lab_address.all_labs()]:
        typer.echo(f"lab {name} is not there")
        return
    down.remove_lab(lab_address.find_lab(name))
    typer.echo(f"lab {name} is gone")
