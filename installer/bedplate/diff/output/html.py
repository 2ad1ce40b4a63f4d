"""A diff as one HTML page to search, filter, fold and print; it loads nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2

from bedplate.core.sizes import count_of
from bedplate.diff.compare.value_text import printable
from bedplate.diff.effects.effect_finding import Risk
from bedplate.diff.output.summary import image_text, message_parts, subject_text
from bedplate.diff.output.view import ReportView
from bedplate.kube.change import Action

FOLDER = Path(__file__).parent / "page"
SIGNS = {Action.ADDED: "+", Action.REMOVED: "−", Action.CHANGED: "±", Action.RENAMED: "→"}  # noqa: RUF001  as wide as +
LINES = {"+": "added", "-": "removed", "@": "at"}
"""Class of a line of a long value, by its first character."""


def show(view: ReportView) -> str:
    """Return the page."""
    style, script = ((FOLDER / name).read_text().strip() for name in ("page.css", "page.js"))
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(FOLDER),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(subject=subject_text, parts=message_parts, image=image_text, printable=printable)
    present = {item.risk for item in view.items} | {finding.risk for finding in view.report.effects.findings}
    return environment.get_template("page.html.j2").render(
        view=view,
        summary=view.summary,
        risks=sorted(present or {Risk.NONE}, reverse=True),
        signs=SIGNS,
        lines=LINES,
        count_of=count_of,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'; base-uri 'none'",
    )


def _source(text: str) -> str:
    """Return the source expression that lets a browser run only this text (https://www.w3.org/TR/CSP3/#match-element-to-source-list)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
