"""A release names the distribution of its hosts; one that is not known is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.load_release import load_release
from bedplate.config.release import Platform
from bedplate.core.errors import InputError
from bedplate.distributions.find_distribution import distribution_names, distribution_of_suite, find_distribution

RELEASE = """\
version: 2026.1.0
platform: {distribution: plan9}
toolchain: {go: '1', node: '1'}
epoch: 1793491200
components: {}
"""


def test_every_folder_is_a_distribution() -> None:
    """Each is found under its own name, and names the kind of its packages."""
    assert Platform().distribution in distribution_names()
    for name in distribution_names():
        assert find_distribution(name).name == name


@pytest.mark.parametrize(("suite", "name"), [("bookworm", "debian-12"), ("trixie", "debian-13"), ("other", "other")])
def test_a_suite_names_its_distribution(suite: str, name: str) -> None:
    """A bundle has only the suite; an unknown one is left as it is."""
    assert distribution_of_suite(suite).purl_name(suite) == name


def test_an_unknown_distribution_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and the distributions that there are."""
    (tmp_path / "releases/2026.1.0").mkdir(parents=True)
    (tmp_path / "releases/2026.1.0/release.yaml").write_text(RELEASE)
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    with pytest.raises(InputError, match=r"release\.yaml: distribution plan9 is not known\n  hint: .*one of: debian"):
        load_release("2026.1.0")
