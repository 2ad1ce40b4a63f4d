"""The command `bedplate diff`: what a change of an environment, a release or plain YAML will do."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.shared_options import SummaryOption
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.core.files import write_atomic
from bedplate.diff.diff_report import make_report
from bedplate.diff.effects.effect_finding import DiffReport, Risk
from bedplate.diff.input.read_snapshots import read_pair
from bedplate.diff.output import Format, show
from bedplate.diff.output.view import arrange

SAME, DIFFERENT, ERROR = 0, 1, 2
"""The exit codes of diff(1)."""

EXAMPLES = """# the working tree against HEAD
bedplate diff bank
# for a pull request
bedplate diff main:bank bank --output markdown
# two bundles
bedplate diff /media/disk1 /media/disk2
# plain Kubernetes YAML
bedplate diff old.yaml.gz new/ --fail-on data
kubectl get all -A -o yaml | bedplate diff - new.yaml"""
EXIT_CODES = {
    SAME: "no change",
    DIFFERENT: "changes; with --fail-on, changes of that risk or a worse one",
    ERROR: "the comparison failed",
}


class FailOn(StrEnum):
    """The risks that --fail-on takes."""

    RESTART = "restart"
    DISRUPTION = "disruption"
    DATA = "data"
    SECURITY = "security"


STATE = (
    "an environment (name or folder), REVISION:ENVIRONMENT in git, a bundle, a file that `bedplate render` wrote, "
    "files or folders of Kubernetes YAML (also .gz), or - for standard input"
)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "diff", _diff, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _diff(  # noqa: PLR0913  each is an option people type
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"The state before: {STATE}.", show_default=False)],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The state after. Without it, OLD is compared with git's HEAD.")
    ] = "",
    *,
    output: Annotated[Format, typer.Option("--output", "-o", help="Output format.")] = Format.TEXT,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file.", show_default="standard output")
    ] = None,
    summary: SummaryOption = False,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit with 1 only if a finding has this risk or a worse one.")
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            metavar="NAME",
            help="Namespace that objects without one are applied to.",
            show_default="that of the same objects in the other state",
        ),
    ] = "",
) -> None:
    """Show what a change will do to hosts, tenants, rights and data.

    Compares two states, and says what happens when the old one becomes the new one. Works offline: contacts no cluster
    or host.

    Risks, from the lowest: none, restart (pods are re-created), disruption (something stops for a while), data (data
    can be lost), security (someone may do or reach more).
    """
    if summary and output is not Format.TEXT:
        raise InputError("option --summary", f"cannot be combined with --output {output}", "leave one of them out")
    risk = Risk[fail_on.name] if fail_on else None
    try:
        compared = _compare(old, new, namespace)
        view = arrange(compared)
        shown = replace(view, groups=(), findings=()) if summary else view
        text = show(shown, output, fail_on=risk, color=out is None and _has_color())
    except (BedplateError, ErrorList) as error:
        raise _as_error(error) from error
    except Exception as error:
        hint = "run the same command as `bedplate --debug …`, and report its output"
        raise BedplateError("unexpected", f"{type(error).__name__}: {error}", hint, exit_code=ERROR) from error
    _write(text, out)
    raise typer.Exit(_code(compared, risk))


def _compare(old: str, new: str, namespace: str) -> DiffReport:
    if not new:
        old, new = f"HEAD:{old}", old
    return make_report(*read_pair(old, new), namespace)


def _as_error(error: BedplateError | ErrorList) -> BedplateError | ErrorList:
    """Return an error with an exit code that does not mean "changes"."""
    for one in error.errors if isinstance(error, ErrorList) else [error]:
        one.exit_code = ERROR
    return error


def _write(text: str, out: Path | None) -> None:
    if out:
        write_atomic(out, text)
    else:
        sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
        sys.stdout.flush()


def _code(compared: DiffReport, risk: Risk | None) -> int:
    if risk is not None:
        return DIFFERENT if compared.effects.worst >= risk else SAME
    return DIFFERENT if compared.changes.objects or compared.changes.hosts else SAME


def _has_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
