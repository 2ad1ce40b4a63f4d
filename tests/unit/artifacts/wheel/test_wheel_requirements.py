"""A wheel whose requirement is not in its set is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.wheel.wheel_requirements import check_wheels
from factories.package_release import package_release
from factories.tiny_wheel import make_wheel


def _wheels(tmp_path: Path, requires: str, others: dict[str, str], allowed: tuple[str, ...] = ()) -> list[str]:
    cache, folder = Cache(tmp_path / "cache"), tmp_path / "wheels"
    folder.mkdir()
    made = [make_wheel(folder, "app", "1.0", requires)]
    made += [make_wheel(folder, name, version) for name, version in others.items()]
    contents = {f"wheel:{path.name}": path.read_bytes() for path in made}
    release = package_release(cache, contents, {"wheel:app==1.0": list(contents)})
    return [str(error) for error in check_wheels(release, cache.root / "blobs/sha256", allowed)]


@pytest.mark.parametrize(
    "requires",
    [
        "helper",
        "Helper>=1,<2",
        "absent; python_version < '3.0'",
        "absent; sys_platform == 'win32'",
        "absent; extra == 'test'",
    ],
)
def test_met_requirements_pass(tmp_path: Path, requires: str) -> None:
    """Names in any spelling, versions, and markers of the hosts' own Python."""
    assert _wheels(tmp_path, requires, {"helper": "1.5"}) == []


@pytest.mark.parametrize(
    ("requires", "says"),
    [
        ("absent", "requires absent; the bundle does not have it"),
        ("helper>=2", "requires helper>=2; the bundle has 1.5"),
        ("absent; python_version >= '3'", "the bundle does not have it"),
    ],
)
def test_an_unmet_requirement_is_named(tmp_path: Path, requires: str, says: str) -> None:
    """The wheel, its requirement, and what the bundle has are in the message."""
    (error,) = _wheels(tmp_path, requires, {"helper": "1.5"})
    assert error.startswith("wheel app 1.0 ")
    assert says in error


def test_a_wheel_s_exception(tmp_path: Path) -> None:
    """A requirement may be allowed to be absent."""
    assert _wheels(tmp_path, "absent>=1", {}, ("app: absent>=1",)) == []
