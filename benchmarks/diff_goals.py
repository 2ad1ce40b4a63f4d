"""What is measured of `bedplate diff`, and the goals that it is measured against."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import yaml
from diff_corpus_score import scores
from diff_peers import Say, peers
from diff_plants import Sides, sides
from diff_render import render_goals
from diff_score import Score, of_bedplate, score
from paired import Goal, table
from process import Run, bedplate

from bedplate.core import digest
from bedplate.core.sizes import human

LIMIT = 300.0
"""Seconds after which a peer is ended; it took more than that."""
CANONICAL, YAML = "bedplate diff, canonical form", "bedplate diff, YAML"
FORMS = {CANONICAL: "jsonl", YAML: "yaml"}
MEMORY = 500


@dataclass(slots=True)
class Taken:
    """What the runs of one tool took, and what it said in the last."""

    runs: list[Run] = field(default_factory=list)
    score: Score | None = None

    @property
    def seconds(self) -> float:
        """Return the median time; the limit where it was ended."""
        return median(one.seconds for one in self.runs) if self.runs else LIMIT


def main() -> int:
    """Measure and print; 1 where a goal is missed."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = sides(asked.objects)
        _write(made, folder)
        size = human((folder / "old.yaml").stat().st_size)
        print(f"{len(made.old)} objects, {len(made.plants)} planted changes, YAML of {size}")
        others = peers() if asked.peers else {}
        taken = _taken(folder, made, others, asked.runs)
        goals = list(_goals(taken))
        _print(taken)
        if asked.corpus:
            print("\nThe corpus of planted changes:")
            for tool, found in scores(others, folder / "corpus").items():
                print(f"  {tool}: {found}")
                if tool == "bedplate diff":
                    goals += [
                        Goal("corpus, recall", found.recall, 1, ""), Goal("corpus, precision", found.precision, 1, "")
                    ]  # fmt: skip
        if asked.render:
            goals += render_goals(folder, asked.runs)
    print("\n" + "\n".join(map(str, goals)))
    return int(not all(goal.holds for goal in goals))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="How fast the diff is, and what it finds, against the programs people use for the same."
    )
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    for part in ("peers", "corpus", "render"):
        parser.add_argument(f"--no-{part}", dest=part, action="store_false")
    return parser.parse_args()


def _write(made: Sides, folder: Path) -> None:
    """Write both states in both forms; what is equal is written once."""
    known: dict[int, str] = {}
    for name, objects in (("old", made.old), ("new", made.new)):
        texts = []
        for one in objects:
            if id(one) not in known:
                known[id(one)] = yaml.dump(one, Dumper=yaml.CSafeDumper, sort_keys=False, width=2**20)
            texts.append(known[id(one)])
        (folder / f"{name}.yaml").write_text("---\n".join(texts))
        (folder / f"{name}.jsonl").write_bytes(b"".join(sorted(map(_line, objects))))


def _line(one: dict[str, object]) -> bytes:
    """Return an object as `bedplate render` writes it."""
    return digest.canonical({"component": "all", "digest": digest.of(one), "layer": "all", "object": one}) + b"\n"


def _taken(folder: Path, made: Sides, others: dict[str, Say], runs: int) -> dict[str, Taken]:
    """Run every tool in turn, round by round; a peer that was ended once is not run again."""
    taken = {name: Taken() for name in (*FORMS, *others)}
    ended: set[str] = set()
    for _ in range(runs):
        for name, form in FORMS.items():
            files = folder / f"old.{form}", folder / f"new.{form}"
            done = bedplate("diff", *files, "--output", "json", fine=(0, 1))
            taken[name].runs.append(done)
            taken[name].score = score(made.plants, of_bedplate(done.output))
        for name, say in others.items():
            if name not in ended:
                try:
                    done, units = say([(folder / "old.yaml", folder / "new.yaml")], LIMIT)
                except TimeoutError:
                    ended.add(name)
                    continue
                taken[name].runs.append(done)
                taken[name].score = score(made.plants, units[0])
    return taken


def _goals(taken: dict[str, Taken]) -> Iterator[Goal]:
    for name, most in ((CANONICAL, 1.0), (YAML, 6.0)):
        yield Goal(f"{name}, cold", taken[name].seconds, most, " s", at_most=True)
        yield Goal(f"{name}, processor time", median(one.cpu for one in taken[name].runs), most, " s", at_most=True)
        yield Goal(f"{name}, memory", max(one.peak for one in taken[name].runs) / 1e6, MEMORY, " MB", at_most=True)
        found = taken[name].score
        yield Goal(f"{name}, recall", found.recall if found else 0, 1, "")
        yield Goal(f"{name}, precision", found.precision if found else 0, 1, "")
    finders = {
        name: one for name, one in taken.items() if name not in FORMS and (not one.score or one.score.recall == 1)
    }
    if finders:
        name, fastest = min(finders.items(), key=lambda row: row[1].seconds)
        yield Goal(f"faster than {name}, YAML", fastest.seconds / taken[YAML].seconds, 20)
        yield Goal(f"faster than {name}, canonical form", fastest.seconds / taken[CANONICAL].seconds, 20)


def _print(taken: dict[str, Taken]) -> None:
    print(f"Median wall time on {os.cpu_count()} processors (load {os.getloadavg()[0]:.1f}):")
    print(table({name: [one.seconds for one in each.runs] for name, each in taken.items() if each.runs}))
    for name, each in taken.items():
        print(f"  {name}: {_told(each)}")


def _told(each: Taken) -> str:
    if not each.runs:
        return f"ended after {LIMIT:.0f} s"
    cpu, peak = median(one.cpu for one in each.runs), max(one.peak for one in each.runs)
    return f"{cpu:.2f} s of processor time, {human(peak)} of memory, {each.score}"
