"""Log files: the last 50 runs are kept, the new one included."""

from __future__ import annotations

from pathlib import Path

from bedplate.apply.log_files import MAX_LOG_FILES, new_log_file


def test_the_oldest_log_files_are_deleted(tmp_path: Path) -> None:
    """With a new log file, the folder has 50: the new one and the newest of the old ones."""
    old = [tmp_path / f"20200101-{number:06}.log" for number in range(MAX_LOG_FILES + 5)]
    for path in old:
        path.touch()
    new = new_log_file(tmp_path)
    assert MAX_LOG_FILES == 50
    assert sorted(tmp_path.iterdir()) == [*old[-MAX_LOG_FILES + 1 :], new]
