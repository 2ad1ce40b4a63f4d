"""Locks: what each tree computes from its declarations, entry by entry, and the files next to release.lock."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from same_output.changes import by_name, changes
from same_output.report_table import Report
from same_output.source_tree import Tree

LOCK = "release.lock"
PINNED = Path(__file__).with_name("pinned.py")
KEPT = ("deb", "wheel")
"""Kinds of which `lock` does not compute a recipe again. A kind that only the new tree has cannot be compared."""


def check_baseline(old: Tree, report: Report) -> None:
    """Check that the old tree, as it is, computes the locks that were committed in it."""
    for release in old.releases():
        path = old.folder / "releases" / release / LOCK
        committed = _read(path)
        old.must("lock", path.parent)
        report.add(f"lock {release}: old as committed and as computed", *_compared(committed, _read(path)))
        report.add(f"lock {release}: recipes of packages and wheels, old code", *_pinned(old, path))


def compare(old: Tree, new: Tree, report: Report) -> None:
    """Compare every release that the old tree has; its lock there also gets the outputs that follow from recipes."""
    for release in old.releases():
        folders = old.folder / "releases" / release, new.folder / "releases" / release
        if not (folders[1] / LOCK).is_file():
            report.add(f"lock {release}", 0, ["only in the old tree"])
            continue
        committed = _read(folders[1] / LOCK)
        report.add(f"lock {release}: new as committed and as computed", *_compared(committed, _computed(new, release)))
        report.add(f"lock {release}: recipes of packages and wheels, new code", *_pinned(new, folders[1] / LOCK))
        old.must("lock", folders[0])
        _fill(folders[0] / LOCK, committed, release, report)
        compared, found = _compared(_read(folders[0] / LOCK), committed)
        report.add(f"lock {release}: entries and sets, old and new", compared, [*found, *_unrecorded(committed)])
        report.add(f"lock {release}: files in lock/", *_side_files(*folders))


def _computed(tree: Tree, release: str) -> dict[str, Any]:
    """Return the lock that a tree computes, without a change to the tree."""
    copy = tree.work / f"locked-by-{tree.name}" / release
    shutil.copytree(tree.folder / "releases" / release, copy)
    tree.must("lock", copy)
    return _read(copy / LOCK)


def _pinned(tree: Tree, path: Path) -> tuple[int, list[str]]:
    """Compare the recipes of packages and wheels, which `lock` keeps, with those that a tree's code computes."""
    answer = tree.python(PINNED, path)
    if answer.code:
        return 0, [answer.said]
    committed = {entry["id"]: entry["recipe"] for entry in _read(path)["entries"] if entry["kind"] in KEPT}
    return len(committed), list(by_name(committed, json.loads(answer.out)))


def _fill(path: Path, new: dict[str, Any], release: str, report: Report) -> None:
    """Give entries whose output went with a declared change the new tree's, where the recipe is the same.

    A recipe decides an output; comparing built bundles proves it.
    """
    lock, known = _read(path), {entry["id"]: entry for entry in new["entries"]}
    filled = []
    for entry in lock["entries"]:
        other = known.get(entry["id"])
        if entry["output"] is None and other and other["output"] and other["recipe"] == entry["recipe"]:
            entry["output"] = other["output"]
            filled.append(entry["id"])
    path.write_text(json.dumps(lock, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    if filled:
        report.note(f"lock {release}: outputs that follow from a recipe with declared changes: {', '.join(filled)}")


def _compared(old: dict[str, Any], new: dict[str, Any]) -> tuple[int, list[str]]:
    old_entries, new_entries = ({entry["id"]: entry for entry in lock["entries"]} for lock in (old, new))
    rest = [{key: value for key, value in lock.items() if key not in ("entries", "sets")} for lock in (old, new)]
    found = [*by_name(old_entries, new_entries), *by_name(old["sets"], new["sets"]), *changes(rest[0], rest[1])]
    return len(old_entries) + len(old["sets"]), found


def _unrecorded(lock: dict[str, Any]) -> list[str]:
    return [f"{entry['id']}: has no output in the new lock" for entry in lock["entries"] if entry["output"] is None]


def _side_files(old: Path, new: Path) -> tuple[int, list[str]]:
    every = sorted({str(path.relative_to(side)) for side in (old, new) for path in side.glob("lock/**/*.*")})
    every = [name for name in every if (old / name).is_file() or (new / name).is_file()]
    return len(every), [f"{name}: differs" for name in every if _bytes(old / name) != _bytes(new / name)]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
