"""Effects of changes: each module compares both snapshots for one kind of effect."""

from pathlib import Path

FOLDER = Path(__file__).parent
COMPUTED = FOLDER / "data" / "computed.yaml"
"""The ids of the findings that are computed and not written as rules, with a description: for the reference."""
