"""Files that would be left out because of their ending are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.core.errors import InputError
from bedplate.core.file_endings import find_files


@pytest.mark.parametrize(
    ("pattern", "ending", "other"),
    [("*", ".yaml.j2", "b.yml.j2"), ("*", ".yaml", "b.yml"), ("tasks/*", ".yml", "tasks/main.yaml")],
)
def test_the_other_ending_is_refused(pattern: str, ending: str, other: str, tmp_path: Path) -> None:
    """Files with the right ending are found in order; one with the other ending is named, with its right name."""
    (tmp_path / "tasks").mkdir()
    right = [tmp_path / pattern.replace("*", f"{name}{ending}") for name in "ac"]
    for path in (*right, tmp_path / "README.md"):
        path.touch()
    assert find_files(tmp_path, pattern, ending) == right
    (tmp_path / other).touch()
    name, stem = Path(other).name, Path(other).name.partition(".")[0]
    with pytest.raises(InputError, match=rf"{other}: file {name} is not read, .*\n.*rename it to {stem}\{ending}"):
        find_files(tmp_path, pattern, ending)
