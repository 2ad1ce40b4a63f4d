"""`bedplate diff`: what a change of an environment, a release or plain YAML will do, without a cluster."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.files import write_atomic
from bedplate.diff.diff_report import make_report
from bedplate.diff.effects.effect_finding import DiffReport, Risk
from bedplate.diff.input.read_snapshots import read_pair
from bedplate.diff.output import Format, show
from bedplate.diff.output.view import arrange

SAME, DIFFERENT, ERROR = 0, 1, 2
"""As diff(1) exits."""

EPILOG = """Examples:

bedplate diff bank                                   the working tree against HEAD

bedplate diff main:bank bank --format markdown       for a pull request

bedplate diff /media/disk1 /media/disk2              two bundles

bedplate diff old.yaml.gz new/ --fail-on data        plain Kubernetes YAML

kubectl get all -A -o yaml | bedplate diff - new.yaml
"""


class FailOn(StrEnum):
    """The risks that can be asked to fail."""

    RESTART = "restart"
    DISRUPTION = "disruption"
    DATA = "data"
    SECURITY = "security"


SIDE = (
    "an environment (name or folder), REVISION:ENVIRONMENT in git, a bundle, the output of render, "
    "files or folders of Kubernetes YAML (also .gz), or - for standard input"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff", epilog=EPILOG)(diff)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"The state before: {SIDE}.", show_default=False)],
    new: Annotated[
        str, typer.Argument(metavar="[NEW]", help="The state after; left out: OLD as it is, against git's HEAD.")
    ] = "",
    form: Annotated[Format, typer.Option("--format", "--output", "-o", help="The form of the report.")] = Format.TEXT,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report to this file.")] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit with 1 only for a finding of this risk or a worse one.")
    ] = None,
) -> None:
    """Say what differs between two states and what the difference will do. No cluster and no host is asked.

    Risks, from the least: none, restart (pods are made anew), disruption (something stops for a while), data (can be
    lost), security (someone may do more, or reach more).

    Exit codes: 0 no change, 1 changes (with --fail-on: changes of that risk), 2 the comparison could not be made.
    """
    risk = Risk[fail_on.name] if fail_on else None
    try:
        compared = _compare(old, new)
        text = show(arrange(compared), form, fail_on=risk, color=out is None and _has_color())
    except (BedplateError, ErrorList) as error:
        raise _as_error(error) from error
    except Exception as error:
        fact = f"broke off: {type(error).__name__}: {error}"
        step = "run bedplate --debug with the same words, and report what it says"
        raise BedplateError("the installer", fact, step, exit_code=ERROR) from error
    _write(text, out)
    raise typer.Exit(_code(compared, risk))


def _compare(old: str, new: str) -> DiffReport:
    if not new:
        old, new = f"HEAD:{old}", old
    return make_report(*read_pair(old, new))


def _as_error(error: BedplateError | ErrorList) -> BedplateError | ErrorList:
    """Return an error whose exit code no one takes for "there are changes"."""
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
