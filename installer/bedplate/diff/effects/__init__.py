"""What changes mean: each module looks at both snapshots for one kind of effect."""

from pathlib import Path

FOLDER = Path(__file__).parent
COMPUTED = FOLDER / "computed.yaml"
"""The ids of all effects that are computed and not written as rules, with a description: for the reference."""
