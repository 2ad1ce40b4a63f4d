"""Python packages inside artifacts: the metadata next to an installed one, or in a wheel."""

from __future__ import annotations

import re
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import IO

from packageurl import PackageURL
from packaging.version import Version

from bedplate.artifacts import spdx
from bedplate.artifacts.ecosystem import AdvisorySubject, Ecosystem, read_text
from bedplate.artifacts.package import Contents, Package

PYPI = "pypi"
METADATA = re.compile(r"(?:.*/)?[^/]+\.dist-info/METADATA")
CLASSIFIER = "License :: "


class PythonPackages(Ecosystem):
    """The ecosystem of Python packages."""

    purl_type = PYPI
    osv_name = "PyPI"

    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether it is the METADATA file of an installed package."""
        return METADATA.fullmatch(path) is not None

    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return the package."""
        return [read_metadata(read_text(file))]

    def parse_version(self, text: str) -> Version:
        """Return a version (https://packaging.python.org/specifications/version-specifiers/)."""
        return Version(text)

    def purl(self, package: Package, distribution: str) -> PackageURL:
        """Return a package's URL."""
        return PackageURL(PYPI, None, package.name.lower().replace("_", "-"), package.version)

    def advisory_subject(self, purl: PackageURL) -> AdvisorySubject:
        """Return the package without the label of a build of its own: 2.6.0+cu124 is 2.6.0 to advisories (PEP 440)."""
        return AdvisorySubject(purl.name, (purl.version or "").partition("+")[0])

    def normalized_name(self, name: str) -> str:
        """Return a name in lower case, with single hyphens (PEP 503)."""
        return re.sub(r"[-_.]+", "-", name).lower()


def read_wheel(path: Path) -> Contents:
    """Return a wheel's package; what else is in the wheel belongs to it."""
    with zipfile.ZipFile(path) as wheel:
        name = next((n for n in wheel.namelist() if METADATA.fullmatch(n) and n.count("/") == 1), "")
        if not name:
            return Contents()
        with wheel.open(name) as source:
            return Contents(packages=[read_metadata(read_text(source))])


def read_metadata(text: str) -> Package:
    """Return the package of a METADATA file (https://packaging.python.org/specifications/core-metadata/)."""
    fields = HeaderParser().parsestr(text)
    return Package(ecosystem=PYPI, name=fields["Name"], version=fields["Version"], licence=_licence(fields))


def _licence(fields: Message) -> str:
    classifiers = [value for value in fields.get_all("Classifier", []) if value.startswith(CLASSIFIER)]
    names = [name.rpartition(" :: ")[2] for name in classifiers]
    texts = [fields.get("License-Expression", ""), fields.get("License", "")]
    licences = (spdx.from_name(name) for name in [*texts, *(names if len(names) == 1 else [])])
    return next((name for name in licences if name), "")
