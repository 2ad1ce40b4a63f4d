from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.declared import declared_artifacts
from bedplate.artifacts.go import go_pin
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.go.go_source import GoSource
from bedplate.artifacts.resolve import _with_outputs
from bedplate.artifacts.source_kind import Context
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError, InputError
from factories.tiny_release import component, context

MODULE = "example.org/tool"
OUTPUT = Output(sha256="a" * 64, size=1)


def _compiler(sha256: str = "c" * 64, version: str = "1.26.6") -> Entry:
    return Entry(id="wheel:go.whl", kind="wheel", pin={"version": version, "sha256": sha256}, recipe=sha256)


def _lock(*entries: Entry) -> Lock:
    return Lock(release="2026.1.0", entries=list(entries), sets={"toolchain:go": ["wheel:go.whl"]})


def _context(folder: Path, compiler: Entry | None = None, **fields: Any) -> Context:
    """Return a release with one Go program, which embeds the page of another artifact."""
    (folder / "tool").mkdir(parents=True, exist_ok=True)
    for name in ("main.go", "extra.go"):
        if not (folder / "tool" / name).exists():
            (folder / "tool" / name).write_text("package main\n")
    values = {
        "id": "tool",
        "kind": "go",
        "module": MODULE,
        "version": "v1.0.0",
        "packages": [],
        "main": "main.go",
        "add": {"extra.go": "extra.go"},
        "embed": [{"artifact": "page", "to": "page"}],
    }
    page = fields.pop("page", "b" * 64)
    made = context(folder, component(artifacts=[GoArtifact.model_validate({**values, **fields})]))
    entries = [Entry(id="npm:page", kind="npm", pin={}, recipe=page), compiler or _compiler()]
    return made.with_lock(_lock(*entries))


def _pinned(folder: Path, **fields: Any) -> tuple[Context, Entry]:
    """Return a context whose lock has the program, as if Go had pinned it."""
    made = _context(folder, **fields)
    side = made.lock_folder("go", "tool")
    side.mkdir(parents=True, exist_ok=True)
    (side / "go.mod").write_text("module bedplate/build/tool\n")
    (side / "go.sum").write_text(f"{MODULE} v1.0.0 h1:sum=\n{MODULE} v1.0.0/go.mod h1:mod=\n")
    pin = {"declaration": go_pin.declaration_digest(declared_artifacts(made, GoArtifact)[0], made)}
    stub = Entry(id="go:tool", kind="go", pin=pin, recipe="")
    return made, GoSource().resolve(replace(made, previous=_lock(stub))).entries[0]


def _again(made: Context, entry: Entry) -> Entry:
    return GoSource().resolve(replace(made, previous=_lock(entry))).entries[0]


def _write(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text("package main // changed\n")


MATTERS: dict[str, tuple[dict[str, Any], Callable[[Path], object] | None]] = {
    "linker flag": ({"ldflags": ["-X main.v=1"]}, None),
    "kept file": ({"files": ["crd/*.yaml"]}, None),
    "generator": ({"generate": ["cmd/gen"]}, None),
    "compiler": ({"compiler": _compiler("d" * 64)}, None),
    "embedded page": ({"page": "e" * 64}, None),
    "added file": ({}, _write("tool/extra.go")),
    "go.mod": ({}, _write("release/lock/go/tool/go.mod")),
}


@pytest.mark.parametrize("name", MATTERS)
def test_recipe_changes_with_every_input(tmp_path: Path, name: str) -> None:
    """Everything that can change the program's bytes changes its recipe, so an old build is not used."""
    fields, change = MATTERS[name]
    _, before = _pinned(tmp_path)
    if change:
        change(tmp_path)
    after = _again(_context(tmp_path, **fields), before)
    assert after.recipe != before.recipe
    assert after.pin["declaration"] == before.pin["declaration"]


def test_recipe_stays_while_nothing_that_matters_changes(tmp_path: Path) -> None:
    """The licence's text is no input of the compiler; and the recorded output stays with the recipe."""
    _, before = _pinned(tmp_path)
    after = _again(_context(tmp_path, licence="MIT"), before)
    assert after == before
    recorded = before.model_copy(update={"output": OUTPUT})
    assert _with_outputs(_lock(after), _lock(recorded)).by_id["go:tool"].output == OUTPUT
    other = before.model_copy(update={"recipe": "0" * 64, "output": OUTPUT})
    assert _with_outputs(_lock(after), _lock(other)).by_id["go:tool"].output is None


def test_unchanged_declaration_is_not_resolved_again(tmp_path: Path) -> None:
    """Locking again starts no compiler and touches no go.sum."""
    made, entry = _pinned(tmp_path)
    path = made.lock_folder("go", "tool") / "go.sum"
    before = path.stat().st_mtime_ns
    assert _again(made, entry) == entry
    assert path.stat().st_mtime_ns == before
    assert not (tmp_path / "cache/toolchains").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "v1.1.0"), ("requires", ["example.org/x@v1"]), ("replace", ["a => b v1"]), ("tags", ["none"])],
)
def test_declaration_covers_what_go_pins(tmp_path: Path, field: str, value: Any) -> None:
    """A change of what go.mod depends on makes the lock resolve that artifact again."""
    made, entry = _pinned(tmp_path)
    changed = _context(tmp_path, **{field: value})
    assert go_pin.declaration_digest(declared_artifacts(changed, GoArtifact)[0], made) != entry.pin["declaration"]


def test_build_refuses_a_changed_go_sum(tmp_path: Path) -> None:
    """A go.sum that is not the locked one is refused before anything is compiled."""
    made, entry = _pinned(tmp_path)
    (made.lock_folder("go", "tool") / "go.sum").write_text("other\n")
    with pytest.raises(BedplateError, match=r"has a go.sum that differs from the locked one"):
        GoSource().build(entry, made)


def test_missing_own_file_is_named(tmp_path: Path) -> None:
    """A main.go that is not in the component's folder is an input error with the file's place."""
    made = _context(tmp_path, main="absent.go")
    with pytest.raises(InputError, match=r"component.yaml: artifact tool names the file absent.go"):
        GoSource().resolve(made)
