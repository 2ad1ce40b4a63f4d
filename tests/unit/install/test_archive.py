"""The installer unpacks nothing outside of its folder, whatever the publisher signed."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedplate.install.archive import checked_members, open_tar
from bedplate.install.manifest import ListedFile
from bedplate.install.refused import RefusedError
from bedplate.install.release_json import read_release
from factories import tiny_bundle


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", pax: dict[str, str] | None = None
) -> tarfile.TarInfo:
    """Return a member of a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = kind, link, pax or {}
    return info


SYM, SPARSE = (
    tarfile.SYMTYPE,
    {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0", "GNU.sparse.size": "99999999999"},
)
MEMBERS: dict[str, tuple[list[tarfile.TarInfo], str]] = {
    "parent": ([member("../x")], "leads out"),
    "inner parent": ([member("a/../../x")], "leads out"),
    "absolute": ([member("/etc/x")], "leads out"),
    "link up": ([member("a/b", SYM, "../../x")], "is a link to"),
    "absolute link": ([member("b", SYM, "/etc")], "is a link to"),
    "link that turns": ([member("a/b", SYM, "c/../../../x")], "is a link to"),
    "behind a link": ([member("a", SYM, "b"), member("a/x")], "is behind a link"),
    "hard link": ([member("a", tarfile.LNKTYPE, "/etc/shadow")], "is not a plain file"),
    "device": ([member("a", tarfile.CHRTYPE)], "is not a plain file"),
    "pipe": ([member("a", tarfile.FIFOTYPE)], "is not a plain file"),
    "sparse": ([member("a", pax=SPARSE)], "is not a plain file"),
}


def write(path: Path, members: list[tarfile.TarInfo]) -> Path:
    """Write a tar."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for info in members:
            tar.addfile(info)
    return path


@pytest.mark.parametrize(("members", "fact"), MEMBERS.values(), ids=MEMBERS)
def test_members_that_are_refused(tmp_path: Path, members: list[tarfile.TarInfo], fact: str) -> None:
    """A tar with such a member is refused, and nothing of it is unpacked."""
    with open_tar(write(tmp_path / "tar", members)) as tar, pytest.raises(RefusedError, match=fact):
        checked_members(tar)


def test_links_inside_are_kept(tmp_path: Path) -> None:
    """A link to a neighbouring file, or up to a folder of the same tree, is accepted."""
    members = [member("a/b/c"), member("a/b/same", SYM, "c"), member("a/up", SYM, "../a/b/c")]
    with open_tar(write(tmp_path / "tar", members)) as tar:
        assert len(checked_members(tar)) == 3


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_compressed_tar_is_not_unpacked(tmp_path: Path, mode: Any) -> None:
    """A compressed tar is refused: it could unpack to far more than its size."""
    with tarfile.open(tmp_path / "tar", mode) as tar:
        info = member("zeros")
        info.size = 1 << 20
        tar.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(RefusedError, match="cannot be read"), open_tar(tmp_path / "tar"):
        pass


def change(**values: object) -> Callable[[dict[str, Any]], object]:
    """Return a function that changes a release file."""
    return lambda release: release.update(values)


RELEASES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "version that leads out": (change(release="../../etc"), r"name '\.\./\.\./etc'"),
    "file name that leads out": (lambda r: r["artifacts"][1].update(file="../x"), r"name '\.\./x'"),
    "program that leads out": (lambda r: r["bastion"]["programs"][0].update(path="bin/../../x"), r"name '\.\.'"),
    "component that is a path": (lambda r: r["bastion"]["programs"][0].update(component="a/b"), "name 'a/b'"),
    "empty version": (lambda r: r["bastion"]["programs"][0].update(version=""), "name ''"),
    "missing blob": (change(installer="0" * 64), "is in release.json but not in manifest.json"),
    "no artifacts": (lambda r: r.pop("artifacts"), "is not a release file"),
    "a list": (lambda r: r.update(artifacts={"a": 1}), "is not a release file"),
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Create one bundle for all tests."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize(("damage", "fact"), RELEASES.values(), ids=RELEASES)
def test_release_files_that_are_refused(
    tiny: tiny_bundle.Tiny, tmp_path: Path, damage: Callable[[dict[str, Any]], object], fact: str
) -> None:
    """No name in release.json leads to a path outside of its folder."""
    release = json.loads((tiny.folder / "release.json").read_bytes())
    damage(release)
    data = json.dumps(release).encode()
    (tmp_path / "release.json").write_bytes(data)
    names = [path.name for path in (tiny.folder / "blobs/sha256").iterdir()]
    blobs = [ListedFile(f"blobs/sha256/{name}", name, 1) for name in names]
    with pytest.raises(RefusedError, match=fact):
        read_release(tmp_path, [ListedFile("release.json", hashlib.sha256(data).hexdigest(), len(data)), *blobs])
