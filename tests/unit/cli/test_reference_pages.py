"""The generated pages are those of the code."""

from __future__ import annotations

import json

import pytest
import yaml

from bedplate.cli.reference_pages.all_pages import pages
from factories import ROOT

PAGES = pages()
DATA = ROOT / "tests/data/environments"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_current(name: str) -> None:
    """What is committed is what the code says; `make docs` writes it."""
    assert (ROOT / "docs/reference" / name).read_text() == PAGES[name]


def test_the_schema_takes_good_environments_and_refuses_bad_keys() -> None:
    """An editor that uses the schema sees what `bedplate check` sees of the form."""
    import jsonschema  # noqa: PLC0415  takes seconds, which every one of pytest's processes would spend at its start

    validator = jsonschema.Draft202012Validator(json.loads(PAGES["environment.schema.json"]))
    for file in (DATA / "good/environment.yaml", ROOT / "inventory/lab/environment.yaml"):
        assert not list(validator.iter_errors(yaml.safe_load(file.read_text())))
    for case in ("unknown-key", "unknown-nested-key", "missing-key", "wrong-type", "bad-quantity"):
        broken = yaml.safe_load((DATA / "broken" / case / "environment.yaml").read_text())
        assert list(validator.iter_errors(broken)), case
