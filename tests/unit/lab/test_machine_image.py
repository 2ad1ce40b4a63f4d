"""The machine image: what is left out of a Debian root, and what is added."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from bedplate.lab.machine_image import MASKED, write_image


@pytest.fixture
def image(tmp_path: Path) -> tarfile.TarFile:
    """Return an image that is made from a root with a few files."""
    names = ["./etc/hosts", "./etc/machine-id", "./etc/ssh/ssh_host_rsa_key", "./dev/null-file", "./usr/bin/true"]
    with tarfile.open(tmp_path / "root.tar", "w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b"old"))
    write_image(tmp_path / "root.tar", tmp_path / "image.tar")
    return tarfile.open(tmp_path / "image.tar")


def test_machines_do_not_share_host_keys_or_machine_ids(image: tarfile.TarFile) -> None:
    """Host keys are left out and the machine id is empty, so that each machine gets its own."""
    assert "etc/ssh/ssh_host_rsa_key" not in "".join(image.getnames())
    assert image.getmember("etc/machine-id").size == 0


def test_every_file_is_listed_once(image: tarfile.TarFile) -> None:
    """The lab's file replaces the root's; all other files stay."""
    names = [name.removeprefix("./") for name in image.getnames()]
    assert len(names) == len(set(names))
    assert "usr/bin/true" in names
    assert not any(name.startswith("dev/") for name in names)


def test_units_that_change_the_developers_kernel_are_masked(image: tarfile.TarFile) -> None:
    """Each unit is a link to /dev/null."""
    assert {image.getmember(f"etc/systemd/system/{unit}").linkname for unit in MASKED} == {"/dev/null"}
