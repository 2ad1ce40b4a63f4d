"""What tests are made of: small releases, bundles, environments, objects and servers, and where test data lies."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""This repository."""
DATA = ROOT / "tests/data"
UPSTREAM = ROOT.parent / "shared/upstream"
"""Real manifests of others, laid next to the checkout."""
