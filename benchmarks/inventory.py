"""`python inventory.py BUNDLE KEY OUT`: what `bedplate bundle inventory --read` does, with any site key."""

from __future__ import annotations

import sys
from pathlib import Path

from bedplate.core.files import write_atomic
from bedplate.delta import inventory

SITE = "benchmark"

if __name__ == "__main__":
    bundle, key, out = map(Path, sys.argv[1:])
    taken, spoilt = inventory.take_inventory(bundle, SITE, read=True)
    if spoilt:
        raise SystemExit(f"spoilt: {', '.join(spoilt)}")
    write_atomic(out, inventory.seal(taken, key))
