"""`python benchmarks/bundle.py`: compares the speed of bundles with programs that people use for the same tasks.

Everything is measured in one run over the same files. It needs a release that was built here, go (once, to build
crane), skopeo, openssl, and free disk for twice --size in the cache's folder. The exit code is 1 if a goal is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "installer"))
    from bundle_goals import main

    raise SystemExit(main())
