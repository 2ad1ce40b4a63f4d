"""`python tests/same_output [REVISION]`: prove that this tree renders, locks and bundles what an older revision did."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from same_output.comparison import main

    raise SystemExit(main())
