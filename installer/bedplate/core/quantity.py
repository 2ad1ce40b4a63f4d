"""Parser of Kubernetes quantities, such as 500m, 2Gi and 1e3.

Form: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([eE][+-]?[0-9]{1,3}|[numkMGTPE]|[KMGTPE]i)?$")
_FACTOR = {
    "": Decimal(1),
    **{unit: Decimal(1000) ** -power for power, unit in enumerate("mun", start=1)},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


def parse(text: str) -> Decimal:
    """Return a quantity as a number; raise ValueError if the text is not a quantity."""
    match = _FORM.match(text)
    if not match:
        raise ValueError(f"{text} is not a quantity")
    unit = match[2] or ""
    return Decimal(match[1]) * (_FACTOR[unit] if unit in _FACTOR else Decimal(f"1{unit}"))
