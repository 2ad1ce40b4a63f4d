"""Rendering all components of a release, cold and from the cache, compared with kubectl on the same objects."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import yaml
from paired import Goal, rounds, table, times_faster
from timed_process import bedplate, run

from bedplate.diff.input.read_snapshots import read_snapshot

ENVIRONMENT = "lab"
COLD, CACHED, KUBECTL = "bedplate render, cold", "bedplate render, cached", "kubectl kustomize"
RENDERED = "render"
"""The cache's folder of rendered components."""


def render_goals(folder: Path, runs: int) -> list[Goal]:
    """Measure, print and return the goals."""
    output = folder / "rendered.jsonl"
    bedplate("render", ENVIRONMENT, "--out", output)
    kustomization = _kustomization(output, folder / "kustomization")
    ways = {COLD: lambda: _cold(output), CACHED: lambda: _cached(output)}
    if kubectl := shutil.which("kubectl"):
        ways[KUBECTL] = lambda: run([kubectl, "kustomize", kustomization]).seconds
    taken = rounds(ways, runs)
    print(f"\nRendering {len(output.read_bytes().splitlines())} objects of environment {ENVIRONMENT}:\n{table(taken)}")
    goals = [
        Goal(COLD, sorted(taken[COLD])[runs // 2], 3, " s", at_most=True),
        Goal(CACHED, sorted(taken[CACHED])[runs // 2], 0.3, " s", at_most=True),
    ]
    if KUBECTL in taken:  # kubectl only labels objects that are already filled in
        print(f"  {CACHED} against {KUBECTL}: {times_faster(taken, CACHED, KUBECTL):.2f}×")  # noqa: RUF001
    return goals


def _cold(output: Path) -> float:
    """Render with a cache without rendered components."""
    with tempfile.TemporaryDirectory() as name:
        own = Path(name)
        for one in _cache().iterdir():
            if one.name != RENDERED:
                (own / one.name).symlink_to(one)
        return bedplate("render", ENVIRONMENT, "--out", output, env={"BEDPLATE_CACHE": str(own)}).seconds


def _cached(output: Path) -> float:
    return bedplate("render", ENVIRONMENT, "--out", output).seconds


def _cache() -> Path:
    from bedplate.core import paths  # noqa: PLC0415  the environment decides where it is

    return paths.cache()


def _kustomization(rendered: Path, folder: Path) -> Path:
    """Write the same objects as a kustomization that only labels them: the least that any does."""
    folder.mkdir()
    objects = [resource.object for resource in read_snapshot(str(rendered)).resources.values()]
    (folder / "objects.yaml").write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
    labels = {"resources": ["objects.yaml"], "labels": [{"pairs": {"environment": ENVIRONMENT}}]}
    (folder / "kustomization.yaml").write_text(yaml.dump(labels))
    return folder
