"""The measurements of `bedplate diff`, and their goals."""

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
from diff_peers import RunPeer, peers
from diff_plants import TwoStates, two_states
from diff_render import render_goals
from diff_score import MatchScore, of_bedplate, score
from paired import Goal, table
from timed_process import Run, bedplate

from bedplate.core import digest
from bedplate.core.sizes import human

LIMIT = 300.0
"""Seconds after which a peer is stopped."""
CANONICAL, YAML = "bedplate diff, canonical form", "bedplate diff, YAML"
FORMS = {CANONICAL: "jsonl", YAML: "yaml"}
MEMORY = 500


@dataclass(slots=True)
class Measured:
    """The runs of one tool, and the score of the last one."""

    runs: list[Run] = field(default_factory=list)
    score: MatchScore | None = None

    @property
    def seconds(self) -> float:
        """Return the median time; the limit if it was stopped."""
        return median(one.seconds for one in self.runs) if self.runs else LIMIT


def main() -> int:
    """Measure and print; return 1 if a goal is missed."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = two_states(arguments.objects)
        _write(made, folder)
        size = human((folder / "old.yaml").stat().st_size)
        print(f"{len(made.old)} objects, {len(made.plants)} planted changes, YAML of {size}")
        others = peers() if arguments.peers else {}
        taken = _taken(folder, made, others, arguments.runs)
        goals = list(_goals(taken))
        _print(taken)
        if arguments.corpus:
            print("\nThe corpus of planted changes:")
            for tool, found in scores(others, folder / "corpus").items():
                print(f"  {tool}: {found}")
                if tool == "bedplate diff":
                    goals += [
                        Goal("corpus, recall", found.recall, 1, ""), Goal("corpus, precision", found.precision, 1, "")
                    ]  # fmt: skip
        if arguments.render:
            goals += render_goals(folder, arguments.runs)
    print("\n" + "\n".join(map(str, goals)))
    return int(not all(goal.holds for goal in goals))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compare the speed and the findings of the diff with programs that people use for the same."
    )
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    for part in ("peers", "corpus", "render"):
        parser.add_argument(f"--no-{part}", dest=part, action="store_false")
    return parser.parse_args()


def _write(made: TwoStates, folder: Path) -> None:
    """Write both states in both forms; equal objects are dumped once."""
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
    """Return an object as a line of `bedplate render`."""
    return digest.canonical({"component": "all", "digest": digest.of(one), "layer": "all", "object": one}) + b"\n"


def _taken(folder: Path, made: TwoStates, others: dict[str, RunPeer], runs: int) -> dict[str, Measured]:
    """Run every tool in turn, round by round; a peer that was stopped once is not run again."""
    taken = {name: Measured() for name in (*FORMS, *others)}
    stopped: set[str] = set()
    for _ in range(runs):
        for name, form in FORMS.items():
            files = folder / f"old.{form}", folder / f"new.{form}"
            done = bedplate("diff", *files, "--output", "json", fine=(0, 1))
            taken[name].runs.append(done)
            taken[name].score = score(made.plants, of_bedplate(done.output))
        for name, run_peer in others.items():
            if name not in stopped:
                try:
                    done, changes = run_peer([(folder / "old.yaml", folder / "new.yaml")], LIMIT)
                except TimeoutError:
                    stopped.add(name)
                    continue
                taken[name].runs.append(done)
                taken[name].score = score(made.plants, changes[0])
    return taken


def _goals(taken: dict[str, Measured]) -> Iterator[Goal]:
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


def _print(taken: dict[str, Measured]) -> None:
    print(f"Median wall time on {os.cpu_count()} processors (load {os.getloadavg()[0]:.1f}):")
    print(table({name: [one.seconds for one in each.runs] for name, each in taken.items() if each.runs}))
    for name, each in taken.items():
        print(f"  {name}: {_costs(each)}")


def _costs(each: Measured) -> str:
    if not each.runs:
        return f"stopped after {LIMIT:.0f} s"
    cpu, peak = median(one.cpu for one in each.runs), max(one.peak for one in each.runs)
    return f"{cpu:.2f} s of processor time, {human(peak)} of memory, {each.score}"
