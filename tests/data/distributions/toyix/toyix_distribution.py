"""Toyix: its packages are artifacts of the kind `toy`, named `name@version`; its repository is a list of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.file_tree import BlobLink, TreeFile
from bedplate.distributions.distribution import Distribution, OsRelease


class Toyix(Distribution):
    """A distribution whose packages need nothing."""

    name = "toyix"
    package_kind = "toy"
    suites = {"first": "1"}  # noqa: RUF012  a constant of the class
    python = (3, 12)
    glibc = (2, 39)
    list_packages = "true"
    list_held = "true"
    query_packages = "true"
    list_repositories = "true"
    repository = "toys"
    index = "list"
    signature = "list.sig"
    package_source_role = "toy_source"
    conflicting_packages = ("marbles",)
    package_names = {"clock": ("sundial", "sun"), "firmware": ()}  # noqa: RUF012  as above
    role_variables = {  # noqa: RUF012  as above
        "time": {
            "time_service": "sundial.service",
            "time_config_file": "/etc/sundial.conf",
            "time_options_file": "/etc/sysconfig/sundial",
            "time_options_variable": "OPTIONS",
        },
        "mirror": {"mirror_service": "web.service", "mirror_welcome_page": "", "mirror_log_user": "web"},
    }

    def runs_on(self, host: OsRelease, suite: str) -> bool:
        """Compare the release's number, whose minor part may differ."""
        return (host.id, host.version.partition(".")[0]) == (self.name, self.suites.get(suite))

    def package_version(self, entry_name: str) -> tuple[str, str]:
        """Return name and version of `name@version`."""
        name, _, version = entry_name.partition("@")
        return name, version

    def entry_name(self, name: str, version: str, architecture: str) -> str:
        """Return `name@version`."""
        return f"{name}@{version}"

    def is_newer(self, version: str, other: str) -> bool:
        """Compare the versions' numbers."""
        return int(version) > int(other)

    def closure(self, roots: Iterable[str], packages: Mapping[str, Path]) -> list[str]:
        """Return the packages themselves."""
        wanted = set(roots)
        return [entry for entry in packages if entry.partition(":")[2].partition("@")[0] in wanted]

    def repository_tree(self, releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
        """Return the packages and their list."""
        toys = {a.file: a.sha256 for release in releases for a in release.artifacts if a.kind == self.package_kind}
        return {self.index: "\n".join(sorted(toys)).encode(), **{name: BlobLink(sha) for name, sha in toys.items()}}

    def sign(self, key_home: Path, index: bytes) -> bytes:
        """Return the index with a word in front."""
        return b"signed " + index

    def is_signed(self, key_home: Path, index: bytes, signature: Path) -> bool:
        """Compare with the signature."""
        return signature.is_file() and signature.read_bytes() == self.sign(key_home, index)

    def try_installation(
        self, repository: Path, packages: Sequence[str], architecture: str, scratch: Path
    ) -> list[BedplateError]:
        """Return an error for each package that is not in the repository's list."""
        listed = {name.partition("@")[0] for name in (repository / self.index).read_text().splitlines()}
        return [BedplateError(f"package {name}", "is not in the list") for name in packages if name not in listed]

    def make_root(self, packages: Mapping[str, Path], architecture: str, epoch: int, scratch: Path, out: Path) -> None:
        """Write the packages' names."""
        out.write_text("\n".join(packages))


DISTRIBUTION = Toyix()
