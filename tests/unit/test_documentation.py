"""The documentation as a reader walks through it: every page is listed, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factories import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


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
