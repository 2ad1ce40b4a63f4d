"""Licences as SPDX expressions: https://spdx.org/licenses/."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from license_expression import (
    ExpressionError,
    ExpressionParseError,
    Licensing,
    get_spdx_licensing,
)

LONGEST = 120
"""A longer text is the licence itself, not its name."""
GNU = re.compile(r"(?P<name>[AL]?GPL|GFDL)-?v?(?P<number>\d(?:\.\d)?)(?P<later>\+|-or-later|-only)?", re.IGNORECASE)
NAMES = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "artistic-2": "Artistic-2.0",
    "bsd license": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause",
    "boost-1.0": "BSL-1.0",
    "cc0": "CC0-1.0",
    "expat": "MIT",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit/x11": "X11",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2": "MPL-2.0",
    "new bsd license": "BSD-3-Clause",
    "psf": "PSF-2.0",
    "psf-2": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "zlib/libpng": "Zlib",
    "zpl-2.1": "ZPL-2.1",
}
"""Names that packages use, in lower case; Debian's are those of
https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-short-name."""


def from_name(name: str) -> str:
    """Return the SPDX expression for a package's own name of its licence, '' if none is known."""
    text = " ".join(name.split())
    if not text or len(text) > LONGEST or text.upper() in {"UNKNOWN", "NOASSERTION", "SEE LICENSE IN LICENSE"}:
        return ""
    return NAMES.get(text.lower()) or _gnu(text) or _spdx(text)


def from_debian(names: Iterable[str]) -> str:
    """Return one expression for the licences of all files of a Debian package.

    A name that SPDX does not know becomes a LicenseRef, since the package has the licence's text.
    """
    expressions = {_of_files(name) for name in names} - {""}
    return " AND ".join(f"({one})" if " OR " in one and len(expressions) > 1 else one for one in sorted(expressions))


def _of_files(name: str) -> str:
    alternatives = re.split(r"\s*(?:\||,?\s+or)\s+", name.strip())
    parts = [re.split(r"\s*(?:,\s*and|,|\s+and)\s+", alternative) for alternative in alternatives]
    return " OR ".join(" AND ".join(map(_one, some)) for some in parts if some != [""])


def _one(name: str) -> str:
    return from_name(name) or "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def _gnu(text: str) -> str:
    """Return a GNU licence; its older names lack `-only`."""
    if not (match := GNU.fullmatch(text)):
        return ""
    number = match["number"] if "." in match["number"] else f"{match['number']}.0"
    later = "or-later" if (match["later"] or "") in {"+", "-or-later"} else "only"
    return f"{match['name'].upper()}-{number}-{later}"


def _spdx(text: str) -> str:
    try:
        expression = _licensing().parse(text, validate=True, strict=True)
    except (ExpressionError, ExpressionParseError):
        return ""
    return str(expression) if expression is not None else ""


@cache
def _licensing() -> Licensing:
    """Return the list of SPDX licences, which takes a moment to read."""
    return get_spdx_licensing()
