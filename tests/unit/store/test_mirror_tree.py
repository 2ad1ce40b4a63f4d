"""The mirror tree: registry, apt repository, wheel index and files, from the store."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError
from bedplate.distributions.debian import apt_repository
from bedplate.images.mirror_names import registry_hosts
from bedplate.install.store_lock import store_lock
from bedplate.store import mirror_tree
from factories import tiny_bundle


@pytest.fixture
def tiny(tmp_path: Path) -> tiny_bundle.Tiny:
    """Create a bundle and install it into a store."""
    tiny = tiny_bundle.make(tmp_path)
    store = tmp_path / "store"
    shutil.copytree(tiny.folder / "blobs", store / "blobs")
    folder = store / "releases" / tiny.release.release
    folder.mkdir(parents=True)
    for name in (bundle_layout.RELEASE, bundle_layout.MANIFEST):
        shutil.copy(tiny.folder / name, folder)
    return tiny


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return the folders of store, mirror and key; GnuPG's sockets need a short path."""
    return tmp_path / "store", tmp_path / "mirror", tmp_path / "gpg"


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("damaged", [bundle_layout.RELEASE, bundle_layout.MANIFEST])
def test_a_release_that_is_not_as_signed_is_not_served(places: tuple[Path, Path, Path], damaged: str) -> None:
    """The release is named, whichever it is, and the mirror does not change."""
    store, served, key = places
    path = next(store.glob(f"releases/*/{damaged}"))
    path.write_bytes(path.read_bytes().replace(b"tiny", b"tinz", 1) if damaged == bundle_layout.RELEASE else b"{}")
    with pytest.raises(BedplateError, match=r"release 2026\.11\.0 in .* has (a release|no readable manifest)\.json"):
        mirror_tree.ensure_mirror(store, served, key)
    assert not served.exists()


@pytest.mark.usefixtures("tiny")
def test_the_store_is_locked_meanwhile(places: tuple[Path, Path, Path]) -> None:
    """The mirror waits while a release is being installed or removed."""
    store, served, key = places
    work = threading.Thread(target=lambda: mirror_tree.ensure_mirror(store, served, key), daemon=True)
    with store_lock(store):
        work.start()
        work.join(0.5)
        assert not served.exists()
    work.join()
    assert mirror_tree.check_mirror(store, served) == []


@pytest.mark.usefixtures("tiny")
def test_mirror_is_hard_links_and_is_created_once(places: tuple[Path, Path, Path]) -> None:
    """No blob is stored twice, a second run changes nothing, and differences are repaired."""
    store, served, key = places
    assert mirror_tree.ensure_mirror(*places) > 0
    assert mirror_tree.ensure_mirror(*places) == 0
    assert mirror_tree.check_mirror(store, served) == []
    for blob in served.glob("registry/docker/registry/v2/blobs/sha256/*/*/data"):
        assert blob.samefile(store / "blobs/sha256" / blob.parent.name)
    link = next(served.glob("registry/**/tags/v1/current/link"))
    link.write_text("sha256:0")
    (served / "files/stray").touch()
    assert mirror_tree.check_mirror(store, served) == ["files/stray", str(link.relative_to(served))]
    assert mirror_tree.ensure_mirror(store, served, key) == 2
    assert mirror_tree.check_mirror(store, served) == []


@pytest.mark.usefixtures("tiny")
def test_apt_takes_the_repository(places: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Apt reads the lists, verifies the signature with the exported key, and downloads the package."""
    mirror_tree.ensure_mirror(*places)
    repository = places[1] / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "etc", "got"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "status").touch()
    source = f"deb [signed-by={repository / mirror_tree.KEY}] file:{repository} {apt_repository.SUITE} main\n"
    (tmp_path / "etc/sources.list").write_text(source)
    settings = {
        "Dir::Etc::SourceList": tmp_path / "etc/sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": tmp_path / "lists",
        "Dir::State::status": tmp_path / "status",
        "Dir::Cache": tmp_path / "cache",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
    }
    words = ["apt-get", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]
    updated = subprocess.run([*words, "update"], capture_output=True, text=True, check=True)
    assert "W:" not in updated.stderr
    subprocess.run([*words, "download", "tiny"], cwd=tmp_path / "got", capture_output=True, check=True)
    assert (tmp_path / "got" / tiny_bundle.DEB).read_bytes() == tiny_bundle.package()
    in_release = repository / apt_repository.DIST / "InRelease"
    in_release.write_text(in_release.read_text().replace("Origin: Bedplate", "Origin: Somebody"))
    assert subprocess.run([*words, "update", "--error-on=any"], capture_output=True, check=False).returncode != 0


@pytest.mark.usefixtures("tiny")
def test_release_file_is_deterministic(places: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Two bastions with equal stores have the same Release file; only the signatures differ."""
    for name in ("one", "two"):
        mirror_tree.ensure_mirror(places[0], tmp_path / name, tmp_path / f"key-{name}")
    first, second = (
        (tmp_path / name / "apt" / apt_repository.DIST / "Release").read_bytes() for name in ("one", "two")
    )
    assert first == second
    packages = tmp_path / "one/apt" / apt_repository.DIST / "main/binary-amd64/Packages"
    assert hashlib.sha256(packages.read_bytes()).hexdigest().encode() in first


@pytest.mark.usefixtures("tiny")
def test_wheels_by_pip(places: tuple[Path, Path, Path]) -> None:
    """The simple index lists each wheel with its digest."""
    mirror_tree.ensure_mirror(*places)
    page = (places[1] / "wheels/tiny-wheel/index.html").read_text()
    digest = hashlib.sha256(tiny_bundle.wheel()).hexdigest()
    assert f'<a href="{tiny_bundle.WHEEL}#sha256={digest}">' in page
    assert 'href="tiny-wheel/"' in (places[1] / "wheels/index.html").read_text()
    assert [path.name for path in (places[1] / "files").iterdir()] == ["tiny-1.tar"]


def test_hosts_of_a_release(tiny: tiny_bundle.Tiny) -> None:
    """The upstream hosts in containerd's settings come from the bundle."""
    assert registry_hosts([tiny.release]) == ["registry.k8s.io"]
