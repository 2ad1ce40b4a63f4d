"""Debian packages are read without dpkg, and the closure of a few is found among many."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.core.errors import BedplateError
from bedplate.distributions.debian import deb_control
from factories import tiny_bundle

PACKAGES = {
    "web": {"Depends": "libssl (>= 3), mail | smtp-server, base"},
    "libssl": {"Depends": "libc"},
    "exim": {"Provides": "smtp-server (= 4), mail-transport", "Pre-Depends": "dpkg-tool:any"},
    "libc": {"Depends": ""},
    "dpkg-tool": {},
    "base": {"Depends": "web"},
    "other": {},
}

CLOSURES = {
    "alternative, virtual, circle": (["web"], ["base", "dpkg-tool", "exim", "libc", "libssl", "web"]),
    "one alone": (["libc"], ["libc"]),
    "several": (["libc", "other"], ["libc", "other"]),
    "by what it provides": (["mail-transport"], ["dpkg-tool", "exim"]),
}


@pytest.mark.parametrize(("roots", "found"), CLOSURES.values(), ids=CLOSURES)
def test_closure(roots: list[str], found: list[str]) -> None:
    """Depends and Pre-Depends are followed, by names and by what packages provide."""
    assert deb_control.dependency_closure(roots, PACKAGES) == found


def test_reads_control(tmp_path: Path) -> None:
    """The stanza comes out as it was put in, with continued lines."""
    (tmp_path / "a.deb").write_bytes(tiny_bundle.package())
    fields = deb_control.parse_stanza(deb_control.read_control(tmp_path / "a.deb"))
    assert fields == {"Package": "tiny", "Version": "1.0-1", "Architecture": "all", "Description": "tiny\n one"}


def test_refuses_another_file(tmp_path: Path) -> None:
    """A file that is not a package is named."""
    (tmp_path / "a.deb").write_bytes(b"PK")
    with pytest.raises(BedplateError, match="is not a Debian package"):
        deb_control.read_control(tmp_path / "a.deb")
