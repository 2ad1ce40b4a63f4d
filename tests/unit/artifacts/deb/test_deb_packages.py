"""Debian packages are read from dpkg's status, and their licences from copyright files."""

from __future__ import annotations

from bedplate.artifacts.deb import deb_packages
from bedplate.artifacts.deb.deb_packages import DebianPackages
from factories.dpkg_status import STATUS

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tiny

Files: *
Copyright: one
License: GPL-2+

Files: lib/*
Copyright: another
License: Expat or Artistic
 with its text

License: GPL-2+
 the text
"""


def test_installed_debian_packages() -> None:
    """What is installed counts, with the source that advisories name."""
    found = [(one.name, one.version, one.source) for one in deb_packages.read_status(STATUS)]
    assert found == [("libblkid1", "2.38.1-5+b1", "util-linux@2.38.1-5"), ("base-files", "12.4", "base-files@12.4")]
    purl = DebianPackages().purl(deb_packages.read_status(STATUS)[0], "debian-12").to_string()
    assert purl.startswith("pkg:deb/debian/libblkid1@2.38.1-5%2Bb1?arch=amd64&distro=debian-12&upstream=util-linux")


def test_licences_of_a_copyright_file() -> None:
    """All files' licences count together, in the words of SPDX; a file of another form says none."""
    assert deb_packages.read_copyright(COPYRIGHT) == "GPL-2.0-or-later AND (MIT OR Artistic-1.0-Perl)"
    assert deb_packages.read_copyright("This package is under the GPL.") == ""
