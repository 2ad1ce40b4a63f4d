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
platform: {platform}
toolchain: {{go: '1', node: '1'}}
epoch: 1793491200
components: {{}}
"""


def test_every_folder_is_a_distribution() -> None:
    """Each is found under its own name, and names the kind of its packages."""
    assert Platform().distribution in distribution_names()
    for name in distribution_names():
        assert find_distribution(name).name == name


@pytest.mark.parametrize(("suite", "name"), [("bookworm", "debian-12"), ("trixie", "debian-13"), ("", "")])
def test_a_suite_names_its_distribution(suite: str, name: str) -> None:
    """A bundle has only the suite; the earliest have none."""
    assert distribution_of_suite(suite).purl_name(suite) == name


def test_an_unknown_suite_of_a_bundle_is_refused() -> None:
    """It is not taken for a release of the usual distribution."""
    with pytest.raises(InputError, match=r"suite 9 is not known\n  hint: the distributions' suites are: bookworm"):
        distribution_of_suite("9")


@pytest.mark.parametrize(
    ("platform", "says"),
    [
        ("{distribution: plan9}", r"distribution plan9 is not known\n  hint: .*one of: debian"),
        ("{suite: '9'}", r"suite 9 is not known in debian\n  hint: .*one of: bookworm, trixie"),
    ],
)
def test_an_unknown_platform_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, says: str
) -> None:
    """The error names the file, and the distributions or suites that there are."""
    (tmp_path / "releases/2026.1.0").mkdir(parents=True)
    (tmp_path / "releases/2026.1.0/release.yaml").write_text(RELEASE.format(platform=platform))
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    with pytest.raises(InputError, match=rf"release\.yaml: {says}"):
        load_release("2026.1.0")
