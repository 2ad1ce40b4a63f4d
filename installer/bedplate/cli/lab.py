"""The commands `bedplate lab up`, `status`, `shell` and `down`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from bedplate.cli.command_groups import add_command, new_group
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.shared_options import FromKeyOption, FromOption
from bedplate.lab import lab_address

NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the lab; several can run at once.")]
GROUP = """Run a datacenter of containers on this computer.

The containers have no outbound route. Needs root on Debian 12.
"""
UP_CODES = {
    0: "the lab is up, and all tests passed",
    1: "failed; run the same command again to resume",
    2: "bad input; nothing was changed",
}
SHELL_CODES = {0: "done", 2: "bad input", "other": "exit code of the command on the machine"}


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = new_group(GROUP)
    add_command(group, "up", _up, examples="bedplate lab up", exit_codes=UP_CODES)
    add_command(group, "status", _status, examples="bedplate lab status --output json")
    # Words after the machine's name belong to the command there, options included.
    verbatim = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    shell = "bedplate lab shell cp1\nbedplate lab shell cp1 journalctl -u kubelet"
    add_command(group, "shell", _shell, examples=shell, exit_codes=SHELL_CODES, settings=verbatim)
    add_command(group, "down", _down, examples="bedplate lab down")
    app.add_typer(group, name="lab")


def _up(name: NameOption = lab_address.DEFAULT, from_: FromOption = None, from_key: FromKeyOption = None) -> None:
    """Build a bundle, start a lab, install the release in it and test it.

    Installs the packages that this computer lacks. A second run resumes where the first stopped; if
    nothing is left to do, it takes a minute.
    """
    # what they load takes a second, and `down` needs none of it
    from bedplate.binary_cache import cache_address  # noqa: PLC0415
    from bedplate.lab import prerequisites, up  # noqa: PLC0415

    prerequisites.check_root()
    code = up.bring_up(lab_address.reserve_lab(name), Console(stderr=True), cache_address.parse_caches(from_, from_key))
    if code:
        raise typer.Exit(code)


def _status(name: NameOption = lab_address.DEFAULT, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show a lab's machines, nodes and release.

    Also shows how many packets tried to leave the lab.
    """
    from bedplate.lab import lab_status  # noqa: PLC0415  as above

    status = lab_status.read_status(lab_address.find_lab(name))
    print_result(status, output, lambda: _print(status))


def _print(status: dict[str, Any]) -> None:
    console = table_console()
    rows = [
        (name, machine["address"], machine["state"] or "missing", status["nodes"].get(name, ""))
        for name, machine in status["machines"].items()
    ]
    console.print(f"network {status['network']}, release {status['release'] or 'none yet'}")
    console.print(table("machine", "address", "state", "node", rows=rows))
    packets = status["packets_outside"]
    console.print(f"packets that tried to leave: {'unknown' if packets is None else packets}")


def _shell(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="bastion, cp1 or worker1.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Command to run instead of a shell.")
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
    """Remove a lab; the caches stay.

    Removes machines, network, firewall rules, keys and the environment.
    """
    from bedplate.lab import down  # noqa: PLC0415  as above

    if name not in [lab.name for lab in lab_address.all_labs()]:
        typer.echo(f"lab {name} does not exist")
        return
    down.remove_lab(lab_address.find_lab(name))
    typer.echo(f"lab {name} removed")
