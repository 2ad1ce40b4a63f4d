"""`python inventory.py BUNDLE KEY OUT`: what `bedplate bundle have --read` does, with a site key that lies anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

from bedplate.delta import have
from bedplate.files import write_atomic

SITE = "benchmark"

if __name__ == "__main__":
    bundle, key, out = map(Path, sys.argv[1:])
    taken, spoilt = have.take(bundle, SITE, read=True)
    if spoilt:
        raise SystemExit(f"spoilt: {', '.join(spoilt)}")
    write_atomic(out, have.seal(taken, key))
