"""`python tests/mutation [AREA…]`: print the mutants that no test kills; `make mutants` runs all areas."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from mutation.command import main

    raise SystemExit(main())
