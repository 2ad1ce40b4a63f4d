"""The environments that are rendered: the lab's, those of tests/data, and one with most settings; all profiles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from same_output.source_tree import Tree

FILES = ("environment.yaml", "hosts.yaml")
PUBLISHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjUh/vVUA95OYZppMlQ+R5cAcOtX2kmYFt/lLKMzVms"
DATA = "tests/data/environments"
WIDE = Path(__file__).with_name("environment_files") / "wide"

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ComparedEnvironment:
    """An environment as each tree has it.

    Attributes:
        name: what it is called in the report.
        texts: its files for the tree of that name.
    """

    name: str
    texts: Mapping[str, Texts]

    def write(self, tree: Tree) -> Path:
        """Write the environment for a tree and return its folder."""
        texts = self.texts[tree.name]
        named = re.search(r"^name: (\S+)$", texts[FILES[0]], re.MULTILINE)
        folder = tree.work / f"environments-{tree.name}" / re.sub(r"\W+", "-", self.name) / (named[1] if named else "x")
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return folder


def whole(old: Tree, new: Tree) -> Iterator[ComparedEnvironment]:
    """Yield the environments that must render, with each release and profile of the old tree."""
    data = old.folder / DATA / "good"
    named = {
        "lab": {tree.name: _texts(tree.folder / "inventory/lab") for tree in (old, new)},
        "good": {tree.name: _texts(data) for tree in (old, new)},
        "wide": {tree.name: _texts(WIDE) for tree in (old, new)},
    }
    profiles = sorted(path.name for path in old.folder.glob("overlays/*/"))
    for name, sides in named.items():
        for release in old.releases():
            for profile in ("", *profiles):
                texts = {side: _settled(one, release, profile) for side, one in sides.items()}
                yield ComparedEnvironment(f"{name}, {release}" + f", profile {profile}" * bool(profile), texts)


def broken(old: Tree) -> Iterator[ComparedEnvironment]:
    """Yield the environments of tests/data that have one error each."""
    good = _texts(old.folder / DATA / "good")
    for folder in sorted((old.folder / DATA / "broken").iterdir()):
        texts = {**good, **_texts(folder)}
        yield ComparedEnvironment(folder.name, {"old": texts, "new": texts})


def _texts(folder: Path) -> dict[str, str]:
    files = [folder / name for name in FILES] + sorted(folder.glob("pki/*"))
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files if file.is_file()}


def _settled(texts: Texts, release: str, profile: str) -> dict[str, str]:
    """Return an environment with a release, a profile and a publisher's key, as `lab up` fills them in."""
    text = texts[FILES[0]]
    for key, value in {"release": release, "publisher": PUBLISHER}.items():
        text = re.sub(rf"^{key}: .*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
    if profile:
        text += f"profiles: [{profile}]\n"
    return {**texts, FILES[0]: text}
