"""Kubernetes quantities: 500m, 2Gi.

Form: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$")
_FACTOR = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", start=1)},
}


def parse(text: str) -> Decimal:
    """Return a quantity's number; ValueError where it is none."""
    found = _FORM.match(text)
    if not found:
        raise ValueError(f"{text} is no quantity")
    return Decimal(found[1]) * _FACTOR[found[2] or ""]
