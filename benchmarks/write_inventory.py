"""`python write_inventory.py BUNDLE KEY OUT`: writes an inventory file like `bedplate bundle inventory --read`."""

from __future__ import annotations

import sys
from pathlib import Path

from bedplate.core.files import write_atomic
from bedplate.delta import inventory

SITE = "benchmark"

if __name__ == "__main__":
    bundle, key, out = map(Path, sys.argv[1:])
    taken, corrupted = inventory.take_inventory(bundle, SITE, read=True)
    if corrupted:
        raise SystemExit(f"corrupted: {', '.join(corrupted)}")
    write_atomic(out, inventory.seal(taken, key))
