"""Python packages: the metadata that lies beside an installed one, or in a wheel."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser

from bedplate.sbom import spdx
from bedplate.sbom.package import Ecosystem, Package

METADATA = re.compile(r"(?:.*/)?[^/]+\.dist-info/METADATA")
CLASSIFIER = "License :: "


def read_metadata(text: str) -> Package:
    """Return the package of a METADATA file (https://packaging.python.org/specifications/core-metadata/)."""
    fields = HeaderParser().parsestr(text)
    return Package(ecosystem=Ecosystem.PYTHON, name=fields["Name"], version=fields["Version"], licence=_licence(fields))


def _licence(fields: Message) -> str:
    classifiers = [value for value in fields.get_all("Classifier", []) if value.startswith(CLASSIFIER)]
    names = [name.rpartition(" :: ")[2] for name in classifiers]
    said = [fields.get("License-Expression", ""), fields.get("License", "")]
    found = (spdx.from_name(name) for name in [*said, *(names if len(names) == 1 else [])])
    return next((name for name in found if name), "")
