"""`python benchmarks/diff.py`: compares the speed and the findings of `bedplate diff` with its peers on the same files.

Two states of a datacenter are generated from a seed: 2 % of the objects differ, 1 % only look different. On a slow or
loaded machine, times change but ratios hardly do. Missing peers are built into the cache, which needs go and the
package registries. The exit code is 1 if a goal is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "installer"))
    from diff_goals import main

    raise SystemExit(main())
