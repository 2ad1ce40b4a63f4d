"""What changes mean: each module looks at both snapshots for one kind of effect."""

from pathlib import Path

FOLDER = Path(__file__).parent
COMPUTED = FOLDER / "computed.yaml"
"""The ids of all effects that no rule's data says, with their meaning: for the reference."""
