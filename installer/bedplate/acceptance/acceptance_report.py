"""The report of an acceptance run: on the terminal, as JUnit XML, as JSON, and as an HTML page to print."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bedplate.acceptance.acceptance_result import (
    REPORT,
    AcceptanceCheck,
    AcceptanceRun,
    RunComparison,
    Verdict,
    by_component,
)
from bedplate.core.files import write_atomic

HTML, JUNIT = "report.html", "junit.xml"
MARKS: dict[Verdict, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "skipped": ("-", "yellow"),
}


def write(run: AcceptanceRun, folder: Path) -> Path:
    """Write all three files into a folder, and return the path of the HTML page."""
    write_atomic(folder / REPORT, json.dumps(run.as_json(), indent=2, ensure_ascii=False) + "\n")
    write_atomic(folder / JUNIT, junit(run))
    write_atomic(folder / HTML, html(run))
    return folder / HTML


def html(run: AcceptanceRun) -> str:
    """Return a page to print, which loads nothing and has no script."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"duration": duration, "measured": measured, "compared": compared}
    return environment.get_template("acceptance_report.html.j2").render(run=run, groups=by_component(run.checks))


def junit(run: AcceptanceRun) -> bytes:
    """Return JUnit XML with a suite per component (https://llg.cubic.org/docs/junit/)."""
    suites = ET.Element("testsuites", name=f"acceptance {run.environment} {run.release}", time=f"{run.seconds:.3f}")
    for component, checks in by_component(run.checks).items():
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=component,
            tests=str(len(checks)),
            failures=str(_count(checks, "failed")),
            skipped=str(_count(checks, "skipped")),
            errors="0",
            time=f"{sum(check.seconds for check in checks):.3f}",
            timestamp=run.started.isoformat(timespec="seconds"),
        )
        for check in checks:
            _case(suite, check)
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def show(run: AcceptanceRun, console: Console) -> None:
    """Print a table of all checks by component, then the failures, then a summary."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right", style="dim", no_wrap=True)
    for component, checks in by_component(run.checks).items():
        table.add_row("", Text(component, style="bold"), duration(sum(check.seconds for check in checks)))
        for check in checks:
            sign, style = MARKS[check.outcome]
            title_style = "" if check.outcome == "passed" else style
            table.add_row(Text(sign, style=style), Text(check.title, style=title_style), duration(check.seconds))
    console.print(table)
    for check in [*run.of("failed"), *run.of("skipped")]:
        sign, style = MARKS[check.outcome]
        console.print(Text(f"\n{sign} {check.id}: {check.title}", style=style))
        console.print(Text(check.detail), highlight=False)
    for name, reason in run.not_tested.items():
        console.print(Text(f"host {name} was not tested: {reason}", style="yellow"))
    if run.comparison:
        console.print(Text(compared(run.comparison)))
    console.print(Text(summary(run), style="bold green" if run.is_green else "bold red"))


def compared(found: RunComparison) -> str:
    """Return in one line what differs from the last signed run."""
    changes = {"worse": found.worse, "better": found.better, "no longer checked": found.missing, "new": found.new}
    parts = [f"{title}: {', '.join(names)}" for title, names in changes.items() if names]
    then = f"{found.started:%Y-%m-%d %H:%M} UTC, release {found.release}"
    return f"Compared with the run of {then}: {'; '.join(parts) or 'the same'}"


def summary(run: AcceptanceRun) -> str:
    """Return the run's counts in one line."""
    parts = [f"{len(run.of('passed'))} passed", f"{len(run.of('failed'))} failed"]
    if run.of("skipped"):
        parts.append(f"{len(run.of('skipped'))} skipped")
    if run.packets_outside is not None:
        since = f" since {run.counted_since:%Y-%m-%d %H:%M} UTC" if run.counted_since else ""
        parts.append(f"{run.packets_outside} packets tried to leave{since}")
    return f"environment {run.environment}, release {run.release}: {', '.join(parts)}, {duration(run.seconds)}"


def duration(seconds: float) -> str:
    """Return a duration for people: 0.4 s, 12 s, 3 min 5 s."""
    if seconds < 10:  # noqa: PLR2004  below ten, tenths matter
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def measured(value: Any) -> str:
    """Return what a test measured, for people: the length of a list, a number with few digits."""
    match value:
        case list() | tuple() | dict():
            return str(len(value))
        case float():
            return f"{round(value, 3) + 0:.3f}".rstrip("0").rstrip(".")  # -0.0 + 0 is 0
        case _:
            return str(value)


def _case(suite: ET.Element, check: AcceptanceCheck) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"acceptance.{check.component}",
        name=_clean(check.title),
        time=f"{check.seconds:.3f}",
    )
    match check.outcome:
        case "failed":
            message = _clean(check.detail)
            ET.SubElement(case, "failure", message=message.partition("\n")[0]).text = message
        case "skipped":
            ET.SubElement(case, "skipped", message=_clean(check.detail))
        case "passed":
            pass


def _count(checks: list[AcceptanceCheck], verdict: Verdict) -> int:
    return sum(check.outcome == verdict for check in checks)


def _clean(text: str) -> str:
    """Return text without the control characters that XML forbids."""
    return "".join(char for char in text if char in "\t\n\r" or char >= " ")
