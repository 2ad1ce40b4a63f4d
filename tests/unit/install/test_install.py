"""The bundle's installer installs everything once, and only from a bundle that the publisher signed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from bedplate.artifacts.relock import LABEL
from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.install.store_lock import store_lock
from bedplate.store import installed
from factories import tiny_bundle


@pytest.fixture
def tiny(tmp_path: Path) -> tiny_bundle.Tiny:
    """Create a bundle."""
    return tiny_bundle.make(tmp_path)


def install(tiny: tiny_bundle.Tiny, root: Path, publisher: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the bundle's own installer below a folder, as on a bastion."""
    key = publisher or tiny.key.with_name("key.pub")
    words: list[str | Path] = [sys.executable, tiny.folder / "install", "--publisher", key, "--root", root]
    return subprocess.run([*words, "--no-packages"], capture_output=True, text=True, check=False)


def files(root: Path) -> dict[str, int]:
    """Return every file below a folder with its modification time."""
    return {str(p.relative_to(root)): p.lstat().st_mtime_ns for p in root.rglob("*") if not p.is_dir()}


@pytest.mark.slow
def test_installs(tmp_path: Path) -> None:
    """Blobs, release files, installer, environment, programs and commands are installed, and run."""
    root, tiny = tmp_path / "root", tiny_bundle.make(tmp_path, wheels=True)
    done = install(tiny, root)
    assert done.returncode == 0, done.stderr
    store = root / "var/lib/bedplate/store"
    assert {p.name for p in (store / "blobs/sha256").iterdir()} == {
        p.name for p in (tiny.folder / bundle_layout.BLOBS).iterdir()
    }
    release = {p.name for p in (store / "releases/2026.11.0").iterdir()}
    assert release == {bundle_layout.RELEASE, bundle_layout.MANIFEST, bundle_layout.SIGNATURE}
    for command, says in {"bedplate": "bedplate\n", "kubectl": "tiny\n"}.items():
        assert (
            subprocess.run([root / "usr/local/bin" / command], capture_output=True, text=True, check=True).stdout
            == says
        )
    assert (root / "opt/bedplate/tiny/current").readlink() == Path("1")
    python = root / "opt/bedplate/installer/2026.11.0/.venv/bin/python"
    assert subprocess.run([python, "-I", "-c", "import tiny"], check=False).returncode == 0


def test_a_relocked_release_is_found_by_its_version(tmp_path: Path) -> None:
    """A lab's bundle has the label +relock; environments find it by its version without the label."""
    root, tiny = tmp_path / "root", tiny_bundle.make(tmp_path, label=LABEL)
    done = install(tiny, root)
    assert done.returncode == 0, done.stderr
    assert "release 2026.11.0+relock is on this bastion" in done.stdout
    found = installed.read(root / "var/lib/bedplate/store", "2026.11.0", tiny.publisher)
    assert found.release.release == "2026.11.0+relock"
    assert (root / "opt/bedplate/installer/2026.11.0").is_dir()


def test_a_publishers_file_that_is_not_text_is_refused(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """Such as the signature, or a binary key: one clear line instead of a traceback."""
    file = tmp_path / "publisher.pub"
    file.write_bytes(b"ssh-ed25519 \xff\xfe")
    done = install(tiny, tmp_path / "root", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"install: file {file} is not text\n  hint: use the .pub file from the publisher\n"


def test_an_interrupted_install_says_how_to_resume(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """Ctrl-C, here while another process holds the store lock, is no crash; the next run installs the bundle."""
    root = tmp_path / "root"
    store = root / "var/lib/bedplate/store"
    store.mkdir(parents=True)
    key = tiny.key.with_name("key.pub")
    # Programs that a shell starts in the background ignore Ctrl-C, and so would their children.
    python: list[str | Path] = ["env", "--default-signal=INT", sys.executable]
    words = [*python, tiny.folder / "install", "--publisher", key, "--root", root]
    with store_lock(store), subprocess.Popen([*words, "--no-packages"], stdout=PIPE, stderr=PIPE, text=True) as run:
        assert run.stdout
        assert run.stdout.readline().startswith("[1/7] signature")
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert errors == "install: interrupted\n  hint: run the same command again to resume\n"
    assert install(tiny, root).returncode == 0


def test_a_second_run_changes_nothing(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """A second install changes no file but the release's own three."""
    root = tmp_path / "root"
    install(tiny, root)
    before = files(root)
    done = install(tiny, root)
    assert done.returncode == 0
    changed = {path for path, time in files(root).items() if before.get(path) != time}
    assert {Path(path).name for path in changed} <= {
        bundle_layout.RELEASE,
        bundle_layout.MANIFEST,
        bundle_layout.SIGNATURE,
    }


def test_resumes_after_a_kill(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """After a kill, unfinished files are written again and complete ones are kept."""
    root = tmp_path / "root"
    install(tiny, root)
    blobs = root / "var/lib/bedplate/store/blobs/sha256"
    first, second = sorted(blobs.iterdir())[:2]
    first.rename(first.with_name(f".{first.name}.part"))
    second.chmod(0o644)
    second.write_bytes(b"half")
    done = install(tiny, root)
    assert "2 files" in done.stdout
    assert sorted(p.name for p in blobs.iterdir()) == sorted(
        p.name for p in (tiny.folder / bundle_layout.BLOBS).iterdir()
    )


def test_a_newer_installer_replaces_the_tree(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """Another installer of the same release replaces the old one completely, but keeps the environment."""
    root = tmp_path / "root"
    install(tiny, root)
    tree = root / "opt/bedplate/installer/2026.11.0"
    (tree / ".digest").write_text("older")
    (tree / "stale").touch()
    (tree / ".venv/kept").touch()
    assert install(tiny, root).returncode == 0
    assert not (tree / "stale").exists()
    assert (tree / ".venv/kept").exists()


def _replace_by_link(path: Path, target: Path) -> None:
    path.rename(target)
    path.symlink_to(target)


@pytest.mark.parametrize("change", ["edited", "removed", "added", "added link", "file became a link"])
def test_a_changed_installer_is_restored(tiny: tiny_bundle.Tiny, tmp_path: Path, change: str) -> None:
    """A file that someone changed on the bastion is replaced; what the bastion itself adds is no change."""
    root = tmp_path / "root"
    install(tiny, root)
    tree = root / "opt/bedplate/installer/2026.11.0"
    (tree / "requirements/__pycache__").mkdir()
    (tree / "requirements/__pycache__/x.pyc").touch()
    assert "installer    already installed" in install(tiny, root).stdout
    program, other = tree / "bedplate", tree / "requirements/role.yml"
    before = program.read_text()
    changes: dict[str, Callable[[], object]] = {
        "edited": lambda: program.write_text("#!/bin/sh\necho other\n"),
        "removed": program.unlink,
        "added": other.touch,
        "added link": lambda: other.symlink_to("/etc"),
        "file became a link": lambda: _replace_by_link(program, tree / ".venv/program"),
    }
    changes[change]()
    assert install(tiny, root).returncode == 0
    assert (program.read_text(), program.is_symlink(), other.is_symlink() or other.exists()) == (before, False, False)


@pytest.mark.parametrize("damage", ["content", "missing", "publisher"])
def test_refuses_and_touches_nothing_of_the_system(tiny: tiny_bundle.Tiny, tmp_path: Path, damage: str) -> None:
    """A corrupted or foreign bundle leaves no program, command, installer or wrong blob behind."""
    root, publisher = tmp_path / "root", None
    blob = tiny.folder / bundle_layout.blob_path(tiny.release.installer)
    if damage == "content":
        data = bytearray(blob.read_bytes())
        data[100] ^= 1
        blob.unlink()
        blob.write_bytes(data)
    elif damage == "missing":
        blob.unlink()
    else:
        publisher = publisher_signature.new_key(tmp_path / "other")
    done = install(tiny, root, publisher)
    assert done.returncode == 1
    assert done.stderr.startswith("install: ")
    assert not (root / "opt").exists()
    assert not (root / "usr").exists()
    assert not (root / "var/lib/bedplate/store" / bundle_layout.blob_path(tiny.release.installer)).exists()


def test_install_needs_nothing_but_python(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """The installer runs without this project's packages, and Python adds no file to the bundle."""
    key = shutil.copy(tiny.key.with_name("key.pub"), tmp_path / "publisher")
    folder, root = tiny.folder / bundle_layout.INSTALL, tmp_path / "root"
    before = files(tiny.folder)
    words: list[str | Path] = [sys.executable, "-I", "-S", folder, "--publisher", key, "--root", root, "--no-packages"]
    for _ in range(2):
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert files(tiny.folder) == before
