"""Resolving plain YAML scalars as kubectl does, which differs from PyYAML.

As in https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/goyaml.v2/resolve.go: dates and 12:30 stay text, 1e3 is a
number, 0o17 is an octal number.
"""

from __future__ import annotations

import math
import re
from typing import Any

FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
INTEGER = re.compile(r"([-+]?)(?:0[bB]([01]+)|0[oO]?([0-7]+)|0[xX]([0-9a-fA-F]+)|(0|[1-9][0-9]*))")
BASES = (2, 8, 16, 10)
WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)")
"""YAML numbers that do not exist in JSON, and so not in Kubernetes."""
LONGEST_NUMBER = 64
WHOLE = 1e21
"""Go writes integers below this into JSON without an exponent."""
MAX_KNOWN = 100_000
_KNOWN: dict[str, Any] = {}
"""Scalars that were resolved before: the same few occur in every object."""


def resolve(text: str) -> Any:
    """Return the value of a plain scalar."""
    try:
        return _KNOWN[text]
    except KeyError:
        value = _resolved(text)
    if len(_KNOWN) < MAX_KNOWN:
        _KNOWN[text] = value
    return value


def _resolved(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > LONGEST_NUMBER:
        return text
    plain = text.replace("_", "")
    if found := INTEGER.fullmatch(plain):
        sign, *digits = found.groups()
        base, number = next((base, one) for base, one in zip(BASES, digits, strict=True) if one is not None)
        return int(sign + number, base)
    return _float(text, plain) if FLOAT.fullmatch(plain) else text


def _float(text: str, plain: str) -> Any:
    number = float(plain)
    if math.isinf(number):
        return text
    return int(number) if number.is_integer() and abs(number) < WHOLE else number
