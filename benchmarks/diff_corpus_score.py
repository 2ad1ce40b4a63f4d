"""Scoring `bedplate diff` and its peers on the corpus of planted changes (tests/data/diff/corpus)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from diff_peers import Pair, RunPeer
from diff_plants import Plant
from diff_score import MatchScore, ReportedChange, of_bedplate, score

from bedplate.core import paths
from bedplate.diff.diff_report import make_report
from bedplate.diff.input.read_snapshots import read_pair
from bedplate.diff.output import Format, show
from bedplate.diff.output.view import arrange

sys.path.insert(0, str(paths.SOURCE / "tests"))

from factories.diff_corpus import STEP, Case, cases

NOTHING = MatchScore(0, 0, 0, 0)
LIMIT = 300.0


def scores(peers: Mapping[str, RunPeer], folder: Path) -> dict[str, MatchScore]:
    """Return each tool's score on all cases about objects; only Bedplate compares hosts and releases."""
    selected = [case for case in cases() if case.theme not in {"nodes", "releases"}]
    pairs = [_written(case, folder / str(index)) for index, case in enumerate(selected)]
    reported: dict[str, list[list[ReportedChange]]] = {"bedplate diff": [_bedplate(pair) for pair in pairs]}
    for name, run in peers.items():
        reported[name] = run(pairs, LIMIT)[1]
    plants = [_plants(case) for case in selected]
    return {name: sum(map(score, plants, changes), NOTHING) for name, changes in reported.items()}


def _bedplate(pair: Pair) -> list[ReportedChange]:
    """Return the changes that the command reports, without starting a process for each case."""
    old, new = read_pair(*map(str, pair))
    return list(of_bedplate(show(arrange(make_report(old, new)), Format.JSON)))


def _written(case: Case, folder: Path) -> Pair:
    folder.mkdir(parents=True)
    paths = folder / "old.yaml", folder / "new.yaml"
    for path, text in zip(paths, case.yaml(), strict=True):
        path.write_text(text)
    return paths


def _plants(case: Case) -> list[Plant]:
    """Return a case's planted changes: those that it lists, else its edits."""
    lines = case.spec.get("changes") or [" ".join(filter(None, plant)) for plant in case.planted]
    if case.spec.get("changes") == []:
        return []
    return [_plant(case, *line.split(" ", 2)) for line in lines]


def _plant(case: Case, _: str, identity: str, path: str = "") -> Plant:
    _, kind, _, name = identity.split("/", 3)
    names = (name, *(old for group in case.edits() for alias, new in group.get("call", {}).items()
                     if new == name for old in [alias.rpartition("/")[2]]))  # fmt: skip
    value = case.values.get((identity, path))
    steps = [next(filter(None, found)) for found in STEP.findall(path)]
    words = [
        steps[-1].rpartition("=")[2] if steps else name,
        *([] if value is None or isinstance(value, dict) else [str(value)]),
    ]
    return Plant(kind, names, tuple(words) if path else names)
