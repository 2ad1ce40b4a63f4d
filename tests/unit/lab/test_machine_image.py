"""The machines' image: what is left out of a Debian root, and what is put in its place."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from bedplate.lab.machine_image import MASKED, write_image


@pytest.fixture
def image(tmp_path: Path) -> tarfile.TarFile:
    """An image made of a root with what every root has."""
    names = ["./etc/hosts", "./etc/machine-id", "./etc/ssh/ssh_host_rsa_key", "./dev/null-file", "./usr/bin/true"]
    with tarfile.open(tmp_path / "root.tar", "w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b"old"))
    write_image(tmp_path / "root.tar", tmp_path / "image.tar")
    return tarfile.open(tmp_path / "image.tar")


def test_no_two_machines_share_host_keys_or_identity(image: tarfile.TarFile) -> None:
    """Host keys are left out and the machine's id is empty, so that each machine gets its own."""
    assert "etc/ssh/ssh_host_rsa_key" not in "".join(image.getnames())
    assert image.getmember("etc/machine-id").size == 0


def test_each_file_is_there_once_and_the_root_stays(image: tarfile.TarFile) -> None:
    """What the lab writes replaces the root's own file."""
    names = [name.removeprefix("./") for name in image.getnames()]
    assert len(names) == len(set(names))
    assert "usr/bin/true" in names
    assert not any(name.startswith("dev/") for name in names)


def test_units_that_would_touch_the_developers_kernel_are_masked(image: tarfile.TarFile) -> None:
    """Each is a link to /dev/null."""
    assert {image.getmember(f"etc/systemd/system/{unit}").linkname for unit in MASKED} == {"/dev/null"}
