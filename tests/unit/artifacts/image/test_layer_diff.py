from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from bedplate.artifacts.image.layer_diff import image_tree, layer_difference, read_tree, with_hard_links
from bedplate.artifacts.tarball import TarEntry, write_tar

EPOCH = 1793491200
LOWER = {
    "etc/same": b"1",
    "etc/changed": b"1",
    "etc/gone": b"1",
    "usr/bin/tool": b"1",
    "usr/share/old/a": b"1",
    "usr/share/old/b": b"1",
    "srv/kind": b"1",
}
UPPER = {"etc/same": b"1", "etc/changed": b"2", "etc/new": b"1", "usr/bin/tool": b"1"}


def _root(folder: Path, name: str, files: dict[str, bytes], *more: TarEntry) -> Path:
    folders = {str(parent) for path in files for parent in list(Path(path).parents)[:-1]}
    entries = [TarEntry(path, 0o644, content=content) for path, content in files.items()]
    tar = folder / name
    with tar.open("wb") as out:
        write_tar([*entries, *(TarEntry(path, 0o755, folder=True) for path in folders), *more], out, EPOCH)
    return tar


def test_difference_has_new_changed_and_deleted(tmp_path: Path) -> None:
    """A difference holds what is new or changed, one whiteout per deleted thing, and the folders of these."""
    lower = read_tree(_root(tmp_path, "lower", LOWER))
    link = TarEntry("srv/kind", 0o777, link="/etc/same")
    srv = TarEntry("srv", 0o755, folder=True)
    upper = read_tree(_root(tmp_path, "upper", UPPER, link, srv, TarEntry("usr/share", 0o755, folder=True)))
    found = {entry.name: entry for entry in layer_difference(lower, upper)}
    assert sorted(found) == [
        "etc",
        "etc/.wh.gone",
        "etc/changed",
        "etc/new",
        "srv",
        "srv/kind",
        "usr",
        "usr/share",
        "usr/share/.wh.old",
    ]
    assert found["srv/kind"].link == "/etc/same"
    assert found["etc/.wh.gone"].content == b""


def test_difference_sees_owners_and_modes(tmp_path: Path) -> None:
    """A file whose mode or owner alone changed is in the difference."""
    lower = read_tree(_root(tmp_path, "lower", {}, TarEntry("a", 0o644), TarEntry("b", 0o644), TarEntry("c", 0o644)))
    changed = [TarEntry("a", 0o4755), TarEntry("b", 0o644, gid=42), TarEntry("c", 0o644)]
    upper = read_tree(_root(tmp_path, "upper", {}, *changed))
    assert [(e.name, e.mode, e.gid) for e in layer_difference(lower, upper)] == [("a", 0o4755, 0), ("b", 0o644, 42)]


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("etc/passwd", True),
        ("etc/passwd-", False),
        ("etc/hostname", False),
        ("etc/machine-id", True),
        ("etc/apt/sources.list", False),
        ("etc/ld.so.cache", True),
        ("usr/lib/python3/dist-packages/x/__pycache__/y.cpython-311.pyc", False),
        ("usr/lib/python3/dist-packages/x/y.py", True),
        ("var/cache/apt/pkgcache.bin", False),
        ("var/cache/debconf/config.dat", True),
        ("var/cache/debconf/config.dat-old", False),
        ("var/lib/apt/lists/some_Packages", False),
        ("var/lib/dpkg/status", True),
        ("var/lib/dpkg/status-old", False),
        ("var/log/apt/history.log", False),
        ("tmp/left/behind", False),
        ("run/lock/x", False),
    ],
)
def test_volatile_files_are_left_out(tmp_path: Path, path: str, stays: bool) -> None:  # noqa: FBT001  a table
    """Caches, logs, backups, compiled Python and what belongs to one machine are in no layer."""
    assert (path in read_tree(_root(tmp_path, "root", {path: b"x"}))) is stays


def test_folders_of_logs_and_caches_stay(tmp_path: Path) -> None:
    """The folders that packages own below /var/log stay, with their owners."""
    log = TarEntry("var/log/tool", 0o2750, folder=True, uid=7, gid=4)
    tree = read_tree(_root(tmp_path, "root", {"var/log/dpkg.log": b"x"}, log))
    assert tree["var/log/tool"] == log
    assert "var/log/dpkg.log" not in tree


def test_images_have_licences_and_no_manuals(tmp_path: Path) -> None:
    """An image keeps each package's copyright file and leaves out manuals, translations and change logs."""
    doc = "usr/share/doc/tool"
    files = dict.fromkeys(
        [f"{doc}/copyright", f"{doc}/changelog.gz", f"{doc}/examples/a", "usr/share/man/man1/t.1"], b""
    )
    tree = image_tree(_root(tmp_path, "root", files))
    assert {name for name in tree if name.startswith(doc)} == {doc, f"{doc}/copyright"}
    assert "usr/share/man/man1/t.1" not in tree
    assert tree["usr/share/man"].folder


def test_hard_links_survive_where_both_are_there(tmp_path: Path) -> None:
    """Hard links of a root are hard links in a layer that has both, and a file where one is missing."""
    tree = read_tree(_root(tmp_path, "root", {"bin/a": b"long"}, TarEntry("bin/b", 0o755, hard="bin/a")))
    assert [(e.name, e.hard) for e in with_hard_links(tree.values())] == [
        ("bin", ""),
        ("bin/a", ""),
        ("bin/b", "bin/a"),
    ]
    out = io.BytesIO()
    write_tar(with_hard_links([tree["bin/b"]]), out, EPOCH)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        member = tar.extractfile("bin/b")
        assert member
        assert member.read() == b"long"
