"""The parts of the tree that are mutated, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mutation.mutant import Mutant
from mutation.python_mutants import mutants
from mutation.yaml_mutants import condition_mutants, template_mutants

HERE = Path(__file__).resolve().parent
LIKE = {"python": mutants, "template": template_mutants, "condition": condition_mutants}


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the tree.

    Attributes:
        name: its name on the command line.
        like: what its files are: a key of LIKE.
        sources: patterns of the files that are changed.
        tests: what pytest runs, in this order.
        unseen: files of tests that run the sources in processes of their own, so that all mutants meet them.
    """

    name: str
    like: str
    sources: list[str]
    tests: list[str]
    unseen: list[str] = field(default_factory=list)

    def mutants(self, tree: Path) -> list[Mutant]:
        """Return all mutants of the area, by file and line, but for those that change nothing (equivalent.yaml)."""
        paths = sorted({path for pattern in self.sources for path in tree.glob(pattern)})
        texts = {path: path.read_text() for path in paths}
        known = equivalents()
        found = [one for path, text in texts.items() for one in LIKE[self.like](path.relative_to(tree), text)]
        return [one for one in found if _identity(one, texts[tree / one.path]) not in known]


def areas() -> dict[str, Area]:
    """Return the areas by name."""
    return {name: Area(name, **value) for name, value in yaml.safe_load((HERE / "areas.yaml").read_text()).items()}


def equivalents() -> set[tuple[str, str, str]]:
    """Return file, line and change of the mutants that behave as the original, each with its reason in the file."""
    listed = yaml.safe_load((HERE / "equivalent.yaml").read_text()) or []
    return {(one["file"], one["line"], one["change"]) for one in listed}


def _identity(mutant: Mutant, text: str) -> tuple[str, str, str]:
    """Return file, text of the line and change, without the line's number, which moves when the file is edited."""
    line = text.splitlines()[mutant.line - 1].strip()
    return str(mutant.path), line, mutant.describe(text).split(": ", 1)[1]
