"""`python benchmarks/diff.py`: how fast `bedplate diff` is and what it finds, against its peers on the same files.

Two states of a datacenter are made from a seed: 2 % of the objects differ, 1 % only look as if. A slow or loaded
machine changes every time here, but hardly a ratio. The peers are built into the cache where they are missing, which
needs go and the package registries. Exit code 1 where a goal is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "installer"))
    from diff_goals import main

    raise SystemExit(main())
