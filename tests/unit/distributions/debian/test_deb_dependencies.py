"""A Debian package whose dependency is not in its set is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.distributions.debian import deb_relation
from bedplate.distributions.debian.deb_dependencies import check_debs
from factories.package_release import deb, package_release


def _debs(tmp_path: Path, debs: dict[str, bytes], allowed: tuple[str, ...] = ()) -> list[str]:
    cache = Cache(tmp_path)
    contents = {f"deb:{name}": data for name, data in debs.items()}
    release = package_release(cache, contents, {"deb:web": list(contents)})
    return [str(error) for error in check_debs(release, tmp_path / "blobs/sha256", allowed)]


@pytest.mark.parametrize(
    ("needs", "other"),
    [
        ({"Depends": "helper"}, {}),
        ({"Depends": "helper (>= 1.0~rc1), web"}, {}),
        ({"Pre_Depends": "helper:any (= 1.0)"}, {}),
        ({"Depends": "absent | helper"}, {}),
        ({"Depends": "virtual"}, {"Provides": "other, virtual"}),
        ({"Depends": "virtual (>= 2)"}, {"Provides": "virtual (= 2.1)"}),
        ({"Recommends": "absent", "Suggests": "absent"}, {}),
    ],
)
def test_met_dependencies_pass(tmp_path: Path, needs: dict[str, str], other: dict[str, str]) -> None:
    """Alternatives, versions, architectures and provided names count as apt counts them."""
    assert _debs(tmp_path, {"web": deb("web", **needs), "helper": deb("helper", **other)}) == []


@pytest.mark.parametrize(
    ("needs", "other", "written"),
    [
        ({"Depends": "absent"}, {}, "absent"),
        ({"Depends": "helper (>= 1.0), absent | gone"}, {}, "absent | gone"),
        ({"Depends": "helper (>> 1.0)"}, {}, "helper (>> 1.0)"),
        ({"Pre_Depends": "helper (<< 1.0)"}, {}, "helper (<< 1.0)"),
        ({"Depends": "virtual (>= 2)"}, {"Provides": "virtual"}, "virtual (>= 2)"),
    ],
)
def test_an_unmet_dependency_is_named(
    tmp_path: Path, needs: dict[str, str], other: dict[str, str], written: str
) -> None:
    """Package, version and what it needs are in the message."""
    (error,) = _debs(tmp_path, {"web": deb("web", **needs), "helper": deb("helper", **other)})
    assert error.startswith(f"package web 1.0 needs {written}, which the bundle does not have")


def test_a_declared_package_has_to_be_there(tmp_path: Path) -> None:
    """A set without its own root is refused."""
    assert _debs(tmp_path, {"helper": deb("helper")})[0].startswith("package web is declared by a component")


def test_an_exception_is_for_one_dependency(tmp_path: Path) -> None:
    """What is allowed to be absent is written as the error writes it."""
    debs = {"web": deb("web", Depends="absent (>= 2), gone")}
    (error,) = _debs(tmp_path, debs, ("web: absent (>= 2)",))
    assert "needs gone" in error


def test_what_is_not_a_dependency_is_refused() -> None:
    """A field that cannot be read is never taken as met."""
    with pytest.raises(ValueError, match="is not a dependency"):
        deb_relation.parse_dependencies("web (maybe 1)")
