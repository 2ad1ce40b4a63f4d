"""`python benchmarks/bundle.py`: how fast the bundle is, against the programs that people use for the same.

Everything is measured in one run over the same files. It needs a release that was built here, go (once, to build
crane), skopeo, openssl, and disk for twice --size in the cache's folder. Exit code 1 where a goal is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "installer"))
    from bundle_goals import main

    raise SystemExit(main())
