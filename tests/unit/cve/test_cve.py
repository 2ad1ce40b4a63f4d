"""A bundle's packages are matched against advisories in the OSV format, each ecosystem by its own order of versions."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.kinds import ecosystems
from bedplate.core.errors import InputError
from bedplate.cve import advisory_files
from bedplate.cve.advisory import Advisory, Severity, advisory_severity
from bedplate.cve.vulnerability import InstalledPackage, installed_packages, match_advisories

DEB, GO, PYPI, NPM = "deb", "golang", "pypi", "npm"
OSV = {DEB: "Debian:12", GO: "Go", PYPI: "PyPI", NPM: "npm"}
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MEDIUM = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:N"


def advisory(ecosystem: str, name: str, **affected: Any) -> dict[str, Any]:
    """Return a record as in OSV's exports."""
    package = {"ecosystem": ecosystem, "name": name}
    return {"schema_version": "1.7.0", "id": "TEST-1", "affected": [{"package": package, **affected}]}


def events(*steps: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    """Return an `affected` with one range."""
    return {"ranges": [{"type": kind, "events": list(steps)}]}


FROM_START = {"introduced": "0"}
RANGES: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "deb before fix": (DEB, "2.36-9+deb12u4", events(FROM_START, {"fixed": "2.36-9+deb12u7"}), True),
    "deb at fix": (DEB, "2.36-9+deb12u7", events(FROM_START, {"fixed": "2.36-9+deb12u7"}), False),
    "deb tenth update": (DEB, "2.36-9+deb12u10", events(FROM_START, {"fixed": "2.36-9+deb12u9"}), False),
    "deb tilde": (DEB, "1.0~rc1-1", events({"introduced": "1.0-1"}), False),
    "deb epoch": (DEB, "1:0.9-1", events(FROM_START, {"fixed": "2.0-1"}), False),
    "deb not fixed": (DEB, "9", events(FROM_START), True),
    "go in the second range": (
        GO,
        "v1.25.1",
        events(FROM_START, {"fixed": "1.24.8"}, {"introduced": "1.25.0-0"}, {"fixed": "1.25.2"}, kind="SEMVER"),
        True,
    ),
    "go between ranges": (
        GO,
        "v1.24.9",
        events(FROM_START, {"fixed": "1.24.8"}, {"introduced": "1.25.0-0"}, {"fixed": "1.25.2"}, kind="SEMVER"),
        False,
    ),
    "go events in any order": (
        GO,
        "v1.24.9",
        events({"fixed": "1.25.2"}, {"introduced": "1.25.0-0"}, {"fixed": "1.24.8"}, FROM_START, kind="SEMVER"),
        False,
    ),
    "go pre-release of the fix": (GO, "1.25rc1", events(FROM_START, {"fixed": "1.25.0"}, kind="SEMVER"), True),
    "go pseudo-version": (
        GO,
        "v0.0.0-20240101000000-0123456789ab",
        events(FROM_START, {"fixed": "0.0.0-20240601000000-aaaaaaaaaaaa"}, kind="SEMVER"),
        True,
    ),
    "go incompatible": (GO, "v24.0.9+incompatible", events(FROM_START, {"fixed": "25.0.6"}, kind="SEMVER"), True),
    "pypi post-release": (PYPI, "1.0.post1", events(FROM_START, {"fixed": "1.0"}), False),
    "pypi release candidate": (PYPI, "2.0rc1", events(FROM_START, {"fixed": "2.0"}), True),
    "pypi ten": (PYPI, "1.10", events(FROM_START, {"last_affected": "1.9"}), False),
    "pypi last affected": (PYPI, "1.9", events(FROM_START, {"last_affected": "1.9"}), True),
    "pypi by list": (PYPI, "1.9", {"versions": ["1.8", "1.9"]}, True),
    "pypi by list, in another spelling": (PYPI, "1.0", {"versions": ["1.0.0"]}, True),
    "pypi by list, a pre-release in another spelling": (PYPI, "2.0rc1", {"versions": ["2.0.0-RC.1", "nightly"]}, True),
    "pypi by list, another version": (PYPI, "1.0.post1", {"versions": ["1.0.0"]}, False),
    "pypi list next to commits": (PYPI, "2.0", {"versions": ["1.8"], **events(FROM_START, kind="GIT")}, False),
    "npm before": (NPM, "3.0.4", events(FROM_START, {"fixed": "3.0.5"}, kind="SEMVER"), True),
    "npm later introduced": (NPM, "3.0.4", events({"introduced": "4.0.0"}, kind="SEMVER"), False),
    "limit": (NPM, "3.0.4", events(FROM_START, {"limit": "3.0.0"}, kind="SEMVER"), False),
}


@pytest.mark.parametrize(("ecosystem", "number", "affected", "expected"), RANGES.values(), ids=RANGES)
def test_ranges(ecosystem: str, number: str, affected: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  a table's column
    """A version is affected when it is listed, or lies between an event that opens and one that closes."""
    package = InstalledPackage(ecosystem, "thing", number, "12", "pkg:x/thing")
    record = Advisory.model_validate(advisory(OSV[ecosystem], "thing", **affected))
    result = match_advisories([package], [record])
    assert (len(result.hits), result.unclear) == (int(expected), [])


def test_what_is_skipped_is_counted() -> None:
    """Other ecosystems and withdrawn records are counted; versions that cannot be compared are named."""
    package = InstalledPackage(PYPI, "thing", "1.0", "", "pkg:pypi/thing@1.0")
    records = [
        advisory("crates.io", "thing", **events(FROM_START)),
        {**advisory("PyPI", "thing", **events(FROM_START)), "withdrawn": "2026-01-01T00:00:00Z"},
        advisory("PyPI", "thing", **events(FROM_START, {"fixed": "not a version"})),
        advisory("PyPI", "thing", **events(FROM_START, kind="GIT")),
        advisory("PyPI", "other", **events(FROM_START)),
        {"id": "TEST-2", "affected": [{"versions": ["1"]}]},
    ]
    result = match_advisories([package], map(Advisory.model_validate, records))
    assert (result.read, result.withdrawn, result.hits) == (6, 1, [])
    assert result.foreign == {"crates.io": 1, "(no package)": 1}
    assert [one[0] for one in result.unclear] == ["TEST-1", "TEST-1"]


@pytest.mark.parametrize(
    ("suite", "name", "hits"),
    [
        ("Debian:12", "util-linux", 1),
        ("Debian:13", "util-linux", 0),
        ("Debian", "util-linux", 1),
        ("Debian:12", "libblkid1", 0),
    ],
)
def test_debian_is_looked_up_by_source_and_release(suite: str, name: str, hits: int) -> None:
    """Debian's advisories name source packages, and one distribution release."""
    purl = "pkg:deb/debian/libblkid1@2.38.1-5%2Bb1?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5"
    parts = [("library", purl, "libblkid1"), ("container", "pkg:oci/x", "x:v1")]
    components = [{"type": kind, "purl": ref, "bom-ref": ref, "name": name} for kind, ref, name in parts]
    found = installed_packages({"components": components, "dependencies": [{"ref": "pkg:oci/x", "dependsOn": [purl]}]})
    assert [(one.name, one.version, one.suite, one.holders) for one in found] == [
        ("util-linux", "2.38.1-5", "12", ("x:v1",))
    ]
    record = Advisory.model_validate(advisory(suite, name, **events(FROM_START, {"fixed": "2.38.1-5+deb12u1"})))
    assert len(match_advisories(found, [record]).hits) == hits


def test_python_names_are_one_in_any_spelling() -> None:
    """`zope._interface`, `Zope_Interface` and `zope-interface` are one package."""
    package = InstalledPackage(PYPI, "zope-interface", "1.0", "", "pkg:pypi/zope-interface@1.0")
    record = Advisory.model_validate(advisory("PyPI", "Zope._Interface", versions=["1.0"]))
    assert len(match_advisories([package], [record]).hits) == 1


@pytest.mark.parametrize(("end", "hits"), [("last_affected", 1), ("fixed", 0)])
def test_a_build_of_its_own_has_the_version_of_its_sources(end: str, hits: int) -> None:
    """`2.6.0+cu124` is 2.6.0 to advisories, as PEP 440 compares it with versions that have no such label."""
    purl = "pkg:pypi/torch@2.6.0%2Bcu124"
    found = installed_packages({"components": [{"type": "library", "bom-ref": purl, "name": "torch", "purl": purl}]})
    record = Advisory.model_validate(advisory("PyPI", "torch", **events(FROM_START, {end: "2.6.0"})))
    assert len(match_advisories(found, [record]).hits) == hits


SEVERITIES: dict[str, tuple[dict[str, Any], dict[str, Any], Severity]] = {
    "vector": ({"severity": [{"type": "CVSS_V3", "score": CRITICAL}]}, {}, Severity.CRITICAL),
    "package's own vector first": (
        {"severity": [{"type": "CVSS_V3", "score": CRITICAL}]},
        {"severity": [{"type": "CVSS_V3", "score": MEDIUM}]},
        Severity.MEDIUM,
    ),
    "version 4": (
        {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}]},
        {},
        Severity.CRITICAL,
    ),
    "broken vector, word": (
        {"severity": [{"type": "CVSS_V3", "score": "?"}], "database_specific": {"severity": "MODERATE"}},
        {},
        Severity.MEDIUM,
    ),
    "Debian's urgency": ({}, {"ecosystem_specific": {"urgency": "unimportant"}}, Severity.LOW),
    "not assigned": ({}, {"ecosystem_specific": {"urgency": "not yet assigned"}}, Severity.UNKNOWN),
    "none": ({}, {}, Severity.UNKNOWN),
}


@pytest.mark.parametrize(("record", "affected", "expected"), SEVERITIES.values(), ids=SEVERITIES)
def test_severity(record: dict[str, Any], affected: dict[str, Any], expected: Severity) -> None:
    """The vector counts, then the database's word; what no one rated counts as the worst."""
    whole = Advisory.model_validate({**advisory("PyPI", "thing", **affected), **record})
    found = advisory_severity(whole, whole.affected[0])
    assert found is expected
    assert Severity.UNKNOWN.rank > Severity.CRITICAL.rank > Severity.HIGH.rank


def _zip(path: Path, records: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, record in enumerate(records):
            archive.writestr(f"{number}.json", record)


def _folder(path: Path, records: list[str]) -> None:
    (path / "inner").mkdir(parents=True)
    for number, record in enumerate(records):
        (path / f"inner/{number}.json").write_text(record)


FORMS: dict[str, Callable[[Path, list[str]], object]] = {
    "all.zip": _zip,
    "osv": _folder,
    "osv.jsonl": lambda path, records: path.write_text("\n".join(records) + "\n\n"),
    "osv.json": lambda path, records: path.write_text(f"[{','.join(records)}]"),
}


@pytest.mark.parametrize(("name", "write"), FORMS.items(), ids=FORMS)
def test_reads_every_form(tmp_path: Path, name: str, write: Callable[[Path, list[str]], object]) -> None:
    """An export as OSV offers it, a folder, lines and a list give the same records."""
    records = [json.dumps({**advisory("Go", "stdlib"), "id": f"GO-{number}"}) for number in range(3)]
    write(tmp_path / name, records)
    assert [one.id for one in advisory_files.read_advisories(tmp_path / name)] == ["GO-0", "GO-1", "GO-2"]


def test_names_the_line_that_is_no_record(tmp_path: Path) -> None:
    """A broken line, an absent file and a record that grows out of bounds are bad input."""
    file = tmp_path / "osv.jsonl"
    file.write_text(f"{json.dumps(advisory('Go', 'x'))}\n{{\n")
    with pytest.raises(InputError, match=r"osv\.jsonl:2: advisory is not an OSV record"):
        list(advisory_files.read_advisories(file))
    with pytest.raises(InputError, match="do not exist"):
        list(advisory_files.read_advisories(tmp_path / "absent"))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """A few kilobytes that unpack to more than a record can have are not read to their end."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json", " " * (advisory_files.LARGEST + 1))
    with pytest.raises(InputError, match="is larger than"):
        list(advisory_files.read_advisories(tmp_path / "all.zip"))


@pytest.mark.parametrize(("ecosystem", "text"), [(DEB, "no spaces"), (PYPI, "one"), (GO, "main"), (NPM, "1.x")])
def test_what_is_not_a_version(ecosystem: str, text: str) -> None:
    """It is an error, not the lowest version."""
    with pytest.raises(ValueError, match=r".+"):
        ecosystems()[ecosystem].parse_version(text)
