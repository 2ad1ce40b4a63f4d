"""Log files: the last 50 runs are kept, the new one included."""

from __future__ import annotations

from pathlib import Path

from bedplate.apply.log_files import MAX_LOG_FILES, new_log_file
from bedplate.apply.step import Journal


def test_the_oldest_log_files_are_deleted(tmp_path: Path) -> None:
    """With a new log file, the folder has 50: the new one and the newest of the old ones."""
    old = [tmp_path / f"20200101-{number:06}.log" for number in range(MAX_LOG_FILES + 5)]
    for path in old:
        path.touch()
    new = new_log_file(tmp_path)
    assert MAX_LOG_FILES == 50
    assert sorted(tmp_path.iterdir()) == [*old[-MAX_LOG_FILES + 1 :], new]


def test_only_root_reads_a_log_file(tmp_path: Path) -> None:
    """The first run creates the folder; whoever runs as another user sees no log."""
    (tmp_path / "state").mkdir()
    assert new_log_file(tmp_path / "state/here/log").stat().st_mode & 0o777 == 0o600


def test_a_journal_has_whole_lines(tmp_path: Path) -> None:
    """Each text ends its line, and one that is not valid Unicode does not end the run."""
    journal = Journal(tmp_path / "log", lambda _: None)
    for text in ("one", "two\n", "thr\udcffee"):
        journal.write(text)
    assert journal.path.read_text() == "one\ntwo\nthr?ee\n"
