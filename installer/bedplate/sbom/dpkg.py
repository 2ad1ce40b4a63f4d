"""Debian packages: what dpkg knows to be installed, and what a package says of its licences."""

from __future__ import annotations

import re

from bedplate.artifacts.deb import deb_control
from bedplate.sbom import spdx
from bedplate.sbom.package import Ecosystem, Package

STATUS = "var/lib/dpkg/status"
COPYRIGHT = re.compile(r"usr/share/doc/(?P<package>[a-z0-9][a-z0-9+.-]+)/copyright")
FORMAT = "www.debian.org/doc/packaging-manuals/copyright-format/"
SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^)]+)\))?")


def read_status(text: str) -> list[Package]:
    """Return the packages that dpkg has installed (dpkg's status file)."""
    stanzas = (deb_control.parse(stanza) for stanza in text.split("\n\n") if stanza.strip())
    return [read_stanza(stanza) for stanza in stanzas if stanza.get("Status", "").endswith(" installed")]


def read_stanza(stanza: deb_control.Control) -> Package:
    """Return the package of a stanza in a status or control file (deb-control(5))."""
    name, version = stanza["Package"], stanza["Version"]
    match = SOURCE.match(stanza.get("Source", ""))
    source = f"{match['name']}@{match['version'] or version}" if match else f"{name}@{version}"
    architecture = stanza.get("Architecture", "")
    return Package(ecosystem=Ecosystem.DEBIAN, name=name, version=version, architecture=architecture, source=source)


def read_copyright(text: str) -> str:
    """Return the SPDX expression of a copyright file, '' where it is not machine-readable.

    Form: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/.
    """
    if FORMAT not in text.partition("\n\n")[0]:
        return ""
    stanzas = [deb_control.parse(_continued(stanza)) for stanza in re.split(r"\n\s*\n", text)]
    return spdx.from_debian(s["License"].partition("\n")[0] for s in stanzas if "Files" in s and "License" in s)


def _continued(stanza: str) -> str:
    """Return a stanza without the lines before its first field, which comments may be."""
    lines = [line for line in stanza.splitlines() if not line.startswith("#")]
    while lines and lines[0][:1] in (" ", "\t"):
        del lines[0]
    return "\n".join(lines)
