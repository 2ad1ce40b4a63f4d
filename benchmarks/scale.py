"""`python benchmarks/scale.py`: the time of `bedplate check`, `bedplate render` and of an apply's plan for large sites.

Sites of up to 500 hosts and 100 tenants are generated and rendered with an empty cache, each command in a process of
its own. The growth is fitted: time is proportional to size to the power of the exponent. The exit code is 1 if a goal
is missed. It needs the lock of the newest release, and no network.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "installer"))
    from scale_goals import main

    raise SystemExit(main())
