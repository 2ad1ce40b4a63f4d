"""Debian as the hosts' distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.file_tree import TreeFile
from bedplate.distributions import repository_key
from bedplate.distributions.debian import apt_installation, apt_repository, deb_control, mmdebstrap
from bedplate.distributions.debian.debian_version import DebianVersion
from bedplate.distributions.distribution import Distribution, OsRelease


class Debian(Distribution):
    """Debian 12: packages are `deb`, repositories are apt's."""

    name = "debian"
    package_kind = apt_repository.KIND
    suites = {"bookworm": "12", "trixie": "13"}  # noqa: RUF012  a constant of the class
    python = (3, 11)
    glibc = (2, 36)
    list_packages = "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' | sed -n 's/^installed //p'"
    list_held = "apt-mark showhold"
    query_packages = (
        "dpkg-query --show --showformat='${db:Status-Status} ${Package} ${Version}\\n' -- \"$@\" 2>/dev/null"
        " | sed -n 's/^installed //p'"
    )
    list_repositories = "apt-get indextargets --format '$(REPO_URI)'"
    repository = "apt"
    index = f"{apt_repository.DIST}/Release"
    signature = f"{apt_repository.DIST}/InRelease"
    package_source_role = "apt_source"
    conflicting_packages = ("containerd.io", "docker-ce", "docker.io", "etcd-server", "cri-o", "kubelet", "kubeadm")

    def runs_on(self, host: OsRelease, suite: str) -> bool:
        """Compare the release's name."""
        return (host.id, host.codename) == (self.name, suite)

    def package_version(self, entry_name: str) -> tuple[str, str]:
        """Return name and version of `name_version_architecture`."""
        name, version, _ = entry_name.rsplit("_", 2)
        return name, version

    def entry_name(self, name: str, version: str, architecture: str) -> str:
        """Return `name_version_architecture`."""
        return f"{name}_{version}_{architecture}"

    def is_newer(self, version: str, other: str) -> bool:
        """Compare as dpkg does."""
        return DebianVersion.parse(version) > DebianVersion.parse(other)

    def closure(self, roots: Iterable[str], packages: Mapping[str, Path]) -> list[str]:
        """Follow Depends and Pre-Depends of the packages' control files."""
        stanzas = {entry: deb_control.parse_stanza(deb_control.read_control(path)) for entry, path in packages.items()}
        by_name = {stanza["Package"]: entry for entry, stanza in stanzas.items()}
        if unknown := sorted({*roots} - by_name.keys()):
            raise BedplateError(f"package {unknown[0]}", "is needed and is not in the lock", "run `bedplate lock`")
        needed = deb_control.dependency_closure(roots, {stanza["Package"]: stanza for stanza in stanzas.values()})
        return [by_name[name] for name in needed]

    def repository_tree(self, releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
        """Return pool, Packages and Release."""
        return apt_repository.apt_tree(releases, blobs)

    def sign(self, key_home: Path, index: bytes) -> bytes:
        """Return InRelease: Release with an inline signature."""
        return repository_key.clear_sign(key_home, index)

    def is_signed(self, key_home: Path, index: bytes, signature: Path) -> bool:
        """Return whether InRelease is of this Release."""
        return repository_key.is_clear_signed(key_home, index, signature)

    def try_installation(
        self, repository: Path, packages: Sequence[str], architecture: str, scratch: Path
    ) -> list[BedplateError]:
        """Install them with apt into an empty root."""
        return apt_installation.try_installation(repository, packages, architecture, scratch)

    def make_root(self, packages: Mapping[str, Path], architecture: str, epoch: int, scratch: Path, out: Path) -> None:
        """Install them with mmdebstrap from a folder that has only these packages."""
        repository = scratch / "repository"
        repository.mkdir()
        for name, blob in packages.items():
            (repository / name).hardlink_to(blob)
        (repository / "Packages").write_text(
            "\n".join(apt_repository.flat_stanza(*package) for package in packages.items())
        )
        names = sorted(name.partition("_")[0] for name in packages)
        mmdebstrap.make_root(repository, names, architecture, epoch, out)


DISTRIBUTION = Debian()
