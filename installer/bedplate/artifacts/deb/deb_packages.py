"""Debian packages inside artifacts: what dpkg has installed, and which licences a package names."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from packageurl import PackageURL

from bedplate.artifacts import spdx
from bedplate.artifacts.contents import decompressed
from bedplate.artifacts.ecosystem import AdvisorySubject, Ecosystem, read_text
from bedplate.artifacts.package import Contents, Package
from bedplate.distributions.debian import deb_control
from bedplate.distributions.debian.debian_version import DebianVersion

DEBIAN = "deb"
STATUS = "var/lib/dpkg/status"
COPYRIGHT = re.compile(r"usr/share/doc/(?P<package>[a-z0-9][a-z0-9+.-]+)/copyright")
FORMAT = "www.debian.org/doc/packaging-manuals/copyright-format/"
SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^)]+)\))?")


class DebianPackages(Ecosystem):
    """The ecosystem of Debian packages."""

    purl_type = DEBIAN
    osv_name = "Debian"
    is_database = True

    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether it is dpkg's status file."""
        return path == STATUS

    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return the installed packages."""
        return read_status(read_text(file))

    def parse_version(self, text: str) -> DebianVersion:
        """Return a version in dpkg's order (deb-version(7))."""
        return DebianVersion.parse(text)

    def purl(self, package: Package, distribution: str) -> PackageURL:
        """Return a package's URL, with its architecture, its distribution and its source package."""
        upstream = package.source if package.source != f"{package.name}@{package.version}" else ""
        wanted = {"arch": package.architecture, "distro": distribution, "upstream": upstream}
        qualifiers = {key: value for key, value in wanted.items() if value}
        return PackageURL(DEBIAN, "debian", package.name, package.version, qualifiers)

    def advisory_subject(self, purl: PackageURL) -> AdvisorySubject:
        """Return the source package, by which Debian's advisories name a package."""
        qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
        source, _, version = qualifiers.get("upstream", "").partition("@")
        suite = qualifiers.get("distro", "").partition("-")[2]
        return AdvisorySubject(source or purl.name, version or purl.version or "", suite)


def read_deb(path: Path) -> Contents:
    """Return a Debian package, with the licences that its copyright file names."""
    package = read_stanza(deb_control.parse_stanza(deb_control.read_control(path)))
    with _data(path) as tar:
        for member in tar:
            match = COPYRIGHT.fullmatch(member.name.removeprefix("./"))
            if match and match["package"] == package.name and (source := tar.extractfile(member)):
                licence = read_copyright(read_text(source))
                return Contents(packages=[package.model_copy(update={"licence": licence})])
    return Contents(packages=[package])


def read_status(text: str) -> list[Package]:
    """Return the packages that dpkg has installed (dpkg's status file)."""
    stanzas = (deb_control.parse_stanza(stanza) for stanza in text.split("\n\n") if stanza.strip())
    return [read_stanza(stanza) for stanza in stanzas if stanza.get("Status", "").endswith(" installed")]


def read_stanza(stanza: deb_control.Control) -> Package:
    """Return the package of a stanza in a status or control file (deb-control(5))."""
    name, version = stanza["Package"], stanza["Version"]
    match = SOURCE.match(stanza.get("Source", ""))
    source = f"{match['name']}@{match['version'] or version}" if match else f"{name}@{version}"
    architecture = stanza.get("Architecture", "")
    return Package(ecosystem=DEBIAN, name=name, version=version, architecture=architecture, source=source)


def read_copyright(text: str) -> str:
    """Return the SPDX expression of a copyright file, '' if it is not machine-readable.

    Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/.
    """
    if FORMAT not in text.partition("\n\n")[0]:
        return ""
    stanzas = [deb_control.parse_stanza(_continued(stanza)) for stanza in re.split(r"\n\s*\n", text)]
    return spdx.from_debian(s["License"].partition("\n")[0] for s in stanzas if "Files" in s and "License" in s)


def _continued(stanza: str) -> str:
    """Return a stanza without comments, and without lines before its first field."""
    lines = [line for line in stanza.splitlines() if not line.startswith("#")]
    while lines and lines[0][:1] in (" ", "\t"):
        del lines[0]
    return "\n".join(lines)


@contextmanager
def _data(path: Path) -> Iterator[tarfile.TarFile]:
    """Open the tar with a Debian package's files (deb(5)), as a stream: what comes later is not decompressed."""
    with path.open("rb") as file:
        file.seek(len(deb_control.AR_MAGIC))
        while len(header := file.read(deb_control.AR_HEADER)) == deb_control.AR_HEADER and not header.startswith(
            b"data.tar"
        ):
            size = int(header[48:58])
            file.seek(size + size % 2, io.SEEK_CUR)
        mode: Literal["r|", "r|gz"] = "r|gz" if header.startswith(b"data.tar.gz") else "r|"
        with tarfile.open(fileobj=decompressed(file), mode=mode) as tar:
            yield tar
