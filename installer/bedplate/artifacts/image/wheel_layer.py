"""The layer of an image's Python wheels: unpacked to one folder, laid out as a virtual environment.

So Python finds the packages, their data files and their configuration (share/jupyter, etc/jupyter) without
environment variables: https://docs.python.org/3/library/site.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bedplate.artifacts.image.layer_diff import parent_folders
from bedplate.artifacts.tarball import TarEntry, folder_entries

PREFIX = "opt/bedplate/python"
BIN = f"/{PREFIX}/bin"
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's Python: an image with wheels lists the package python3 in its debs."""
CONFIGURATION = f"home = {Path(SYSTEM_PYTHON).parent}\ninclude-system-site-packages = false\n"


def unpack_wheels(wheels: Mapping[str, Path], into: Path, python: tuple[int, int]) -> None:
    """Unpack wheels (file name to its blob) below a folder, without compiled files, for a version of Python."""
    from installer import install  # noqa: PLC0415  12 ms of every command that renders, and none of them unpacks a wheel
    from installer.destinations import SchemeDictionaryDestination  # noqa: PLC0415  as above
    from installer.sources import WheelFile  # noqa: PLC0415  as above

    # the library reads a wheel's name from its path, and a blob's path has only a digest
    named = into / "wheels"
    named.mkdir(parents=True)
    for filename in sorted(wheels):
        (named / filename).symlink_to(wheels[filename].absolute())
        destination = SchemeDictionaryDestination(
            _schemes(python),
            interpreter=f"{BIN}/python3",
            script_kind="posix",
            destdir=str(into / "root"),
            overwrite_existing=True,
        )
        with WheelFile.open(named / filename) as source:
            install(source, destination, {"INSTALLER": b"bedplate\n"})


def wheel_members(unpacked: Path) -> Iterable[TarEntry]:
    """Yield what `unpack_wheels` wrote as a layer's members."""
    yield from (TarEntry(parent, 0o755, folder=True) for parent in parent_folders(PREFIX))
    yield TarEntry(PREFIX, 0o755, folder=True)
    own = {
        f"{PREFIX}/pyvenv.cfg": TarEntry(f"{PREFIX}/pyvenv.cfg", content=CONFIGURATION.encode()),
        f"{PREFIX}/bin": TarEntry(f"{PREFIX}/bin", 0o755, folder=True),
        f"{PREFIX}/bin/python3": TarEntry(f"{PREFIX}/bin/python3", 0o777, link=SYSTEM_PYTHON),
        f"{PREFIX}/bin/python": TarEntry(f"{PREFIX}/bin/python", 0o777, link="python3"),
    }
    installed = {entry.name: entry for entry in folder_entries(unpacked / "root" / PREFIX, PREFIX)}
    yield from ({**installed, **own}).values()


def _schemes(python: tuple[int, int]) -> dict[str, str]:
    site = f"/{PREFIX}/lib/python{python[0]}.{python[1]}/site-packages"
    prefix = f"/{PREFIX}"
    return {"purelib": site, "platlib": site, "headers": f"{prefix}/include", "scripts": BIN, "data": prefix}
