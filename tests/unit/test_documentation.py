"""The documentation as a reader walks through it: every page, link, path and command that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factories import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^## bedplate (.+)$", (ROOT / "docs/reference/cli.md").read_text(), re.MULTILINE)
GROUPS = {name.split()[0] for name in COMMANDS if " " in name}
TYPED = re.compile(r"(?:(?<= \./)|(?<![\w/]))bedplate ([a-z]+)(?: ([a-z]+))?")


def _links(page: Path) -> set[Path]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in LINK.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    """No link of a page points at what is not in the repository."""
    assert {link for link in _links(page) if not link.exists()} == set()


def test_every_page_is_listed() -> None:
    """A reader who begins at docs/README.md finds all pages."""
    first = ROOT / "docs/README.md"
    assert {page for page in PAGES if first.parent in page.parents} - _links(first) == {first}


def test_readme_lists_every_command() -> None:
    """README's table of commands has each command once, and no other."""
    table = (ROOT / "README.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    listed = [name.removeprefix("bedplate ") for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    """A reader can type every command that a page shows."""
    typed = {f"{first} {second}" if first in GROUPS else first for first, second in TYPED.findall(page.read_text())}
    assert typed - {*COMMANDS, *(f"{group} " for group in GROUPS)} == set()


def test_every_path_in_contributing_exists() -> None:
    """The table that says where things are names files and folders of this repository."""
    table = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where things are")[2].partition("\n## ")[0]
    paths = re.findall(r"`([a-z]+/[^`]+)`", table)
    assert paths
    assert [path for path in paths if not list(ROOT.glob(re.sub("<[a-z]+>", "*", path).rstrip("/")))] == []
