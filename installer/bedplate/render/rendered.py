"""An object as a template or an overlay gives it, before it takes its canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object out of a template.

    Attributes:
        source: the template's file, for messages.
        value: the object.
    """

    source: str
    value: dict[str, Any]
