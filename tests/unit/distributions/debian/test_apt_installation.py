"""What apt says about missing packages becomes errors."""

from __future__ import annotations

from bedplate.distributions.debian import apt_installation

APT_SAYS = """\
The following packages have unmet dependencies:
 web : Depends: absent (>= 2) but it is not installable
 init : PreDepends: systemd-sysv but it is not installable
E: Unable to correct problems, you have held broken packages.
E: Unable to locate package nginx-light
E: Package 'runc' has no installation candidate
"""


def test_apt_s_words_become_errors() -> None:
    """Each package that cannot be installed is named with what it lacks."""
    found = [str(error).partition("\n  hint: ")[0] for error in apt_installation.missing_packages(APT_SAYS)]
    assert found == [
        "package init cannot be installed from the bundle alone: PreDepends: systemd-sysv but it is not installable",
        "package web cannot be installed from the bundle alone: Depends: absent (>= 2) but it is not installable",
        "package nginx-light is not in the bundle",
        "package runc is not in the bundle",
    ]
