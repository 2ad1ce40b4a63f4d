"""Run apt: resolve packages for an empty system, from the package sources of this machine's configuration.

This machine's own state is not used: apt gets its own lists and cache, an empty dpkg status and its own
preferences (apt.conf(5), apt_preferences(5)).
"""

from __future__ import annotations

import re
import urllib.parse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bedplate.core.command import run
from bedplate.core.errors import BedplateError
from bedplate.core.locks import lock

ALWAYS = ("?essential", "usr-is-merged")
"""In every root. Without usr-is-merged, apt would choose usrmerge, which needs all of Perl."""
POCKETS = ("", "-updates", "-security")
URI = re.compile(
    r"^'(?P<uri>[^']+)' (?P<name>[^_]+)_(?P<version>[^_]+)_(?P<arch>[^_.]+)\.deb (?P<size>\d+) SHA256:(?P<sha>\w+)"
)


@dataclass(frozen=True, slots=True)
class AptPackage:
    """A Debian package in a repository's list."""

    name: str
    version: str
    architecture: str
    sha256: str
    size: int
    filename: str


class Apt:
    """Apt for one suite and architecture, with a state folder of its own.

    Attributes:
        folder: for its lists.
        suite: the distribution's release; only it, its updates and its security fixes count.
        architecture: as Debian calls it.
    """

    def __init__(self, folder: Path, suite: str, architecture: str) -> None:
        """Use a state folder, which need not exist."""
        self.folder, self.suite, self.architecture = folder, suite, architecture

    def update(self) -> None:
        """Download the repositories' lists."""
        with self._alone():
            self._apt("apt-get", "-q", "update")

    def closure(self, roots: Iterable[str], pins: Mapping[str, str]) -> list[AptPackage]:
        """Return what an empty system needs for some packages, in apt's order, without recommended ones.

        Args:
            roots: names of packages.
            pins: versions to keep, by name, while the repository has them.
        """
        with self._alone(pins):
            words = ["-qq", "--print-uris", "-o", "Acquire::ForceHash=SHA256", "install", *ALWAYS, *sorted(roots)]
            closure = [_package(line) for line in self._apt("apt-get", *words).splitlines() if line.startswith("'")]
        if not any(package.name == "base-files" for package in closure):
            raise BedplateError("apt", f"has no sources for {self.suite}", "add them in /etc/apt/sources.list.d/")
        return closure

    def available(self, names: Sequence[str]) -> dict[str, set[str]]:
        """Return the versions of some packages in the repositories."""
        versions: dict[str, set[str]] = defaultdict(set)
        with self._alone():
            for line in self._apt("apt-cache", "madison", *names).splitlines():
                name, version, _ = (word.strip() for word in line.split("|", 2))
                versions[name].add(version)
        return versions

    def download(self, packages: Mapping[str, str], into: Path) -> None:
        """Download packages (name to version) into a folder."""
        with self._alone():
            self._apt("apt-get", "-qq", "download", *(f"{n}={v}" for n, v in packages.items()), cwd=into)

    @contextmanager
    def _alone(self, pins: Mapping[str, str] | None = None) -> Iterator[None]:
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with lock(self.folder / "lock"):
            (self.folder / "status").write_text("")
            (self.folder / "preferences").write_text(apt_preferences(self.suite, pins or {}))
            yield

    def _apt(self, program: str, *words: str, cwd: Path | None = None) -> str:
        options = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Dir::Etc::preferences": self.folder / "preferences",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            # otherwise apt and its dependencies count as essential; images do not need them
            "pkgCacheGen::ForceEssential": ",",
        }
        settings = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        return run([program, *settings, *words], cwd=cwd, env={"LC_ALL": "C"}).stdout.decode()


def apt_preferences(suite: str, pins: Mapping[str, str]) -> str:
    """Return preferences for apt (apt_preferences(5)): pinned versions, then the suite, and nothing else."""
    kept = [_pin(name, f"version {version}", 1001) for name, version in sorted(pins.items())]
    pockets = [_pin("*", f"release n={suite}{pocket}", 990) for pocket in POCKETS]
    return "\n".join([*kept, *pockets, _pin("*", "release *", -10)])


def _pin(package: str, pin: str, priority: int) -> str:
    return f"Package: {package}\nPin: {pin}\nPin-Priority: {priority}\n"


def _package(line: str) -> AptPackage:
    match = URI.match(line)
    if not match:
        raise BedplateError("apt", f"printed an unexpected line: {line}", "report this line and the version of apt")
    return AptPackage(
        name=match["name"],
        version=urllib.parse.unquote(match["version"]),
        architecture=match["arch"],
        sha256=match["sha"],
        size=int(match["size"]),
        filename=urllib.parse.unquote(match["uri"].rpartition("/")[2]),
    )
