"""A Debian repository of tiny packages in a folder, for the real apt on this machine."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from bedplate.core.command import run
from bedplate.distributions.debian.deb_control import read_control

FOUNDATION = {"base-files": "12.4", "usr-is-merged": "37"}
"""The packages that every closure starts from."""


class TinyRepository:
    """A repository for the suite bookworm."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Create it with only the packages that every closure needs, and point apt at it."""
        self.folder = folder / "repository"
        self.folder.mkdir()
        sources = folder / "sources.list"
        sources.write_text(f"deb [trusted=yes] copy://{self.folder} ./\n")
        settings = {
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::trustedparts": "/dev/null",
        }
        (folder / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
        monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))
        for name, version in FOUNDATION.items():
            self.add(name, version, essential=name == "base-files")

    def add(self, name: str, version: str, depends: str = "", *, essential: bool = False) -> None:
        """Publish a version of a package, instead of the current one."""
        root = self.folder.parent / "package"
        (root / "DEBIAN").mkdir(parents=True)
        fields = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": "T <t@lab.bedplate.test>"}
        fields |= {"Description": "tiny", **({"Depends": depends} if depends else {})}
        fields |= {"Essential": "yes"} if essential else {}
        (root / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
        for old in self.folder.glob(f"{name}_*.deb"):
            old.unlink()
        run(["dpkg-deb", "--root-owner-group", "--build", root, self.folder / f"{name}_{version}_all.deb"])
        shutil.rmtree(root)
        self._publish()

    def _publish(self) -> None:
        stanzas = []
        for deb in sorted(self.folder.glob("*.deb")):
            place = f"Filename: ./{deb.name}\nSize: {deb.stat().st_size}\n"
            stanzas.append(read_control(deb).rstrip("\n") + f"\n{place}SHA256: {_sha256(deb.read_bytes())}\n")
        packages = "\n".join(stanzas).encode()
        (self.folder / "Packages").write_bytes(packages)
        index = f"SHA256:\n {_sha256(packages)} {len(packages)} Packages\n"
        (self.folder / "Release").write_text("Codename: bookworm\nSuite: oldstable\nArchitectures: all amd64\n" + index)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
