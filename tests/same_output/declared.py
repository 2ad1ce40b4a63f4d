"""The changes on purpose in declared.yaml, made to the old tree before anything is compared.

Three forms. `old` and `new`: every occurrence of a text in a file was replaced. `wording`: comments and docstrings of
Python files were reworded; the new file is taken after its code is proved to be the same. `refused`: an environment
with an error, by its folder in tests/data, that the old tree renders and the new tree refuses.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import yaml

from same_output.report_table import Report

DECLARED = Path(__file__).with_name("declared.yaml")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def apply(old: Path, new: Path, report: Report) -> None:
    """Make the declared changes to the old tree; one that the new tree does not have is not made."""
    for change in yaml.safe_load(DECLARED.read_text(encoding="utf-8")):
        if "wording" in change:
            _reword(change, old, new, report)
        elif "file" in change:
            _replace(change, old, new, report)


def refused() -> dict[str, str]:
    """Return the environments that only the new tree refuses, each with the reason."""
    found = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    return {name: change["reason"] for change in found for name in change.get("refused", ())}


def _replace(change: dict[str, str], old: Path, new: Path, report: Report) -> None:
    path, was, becomes = old / change["file"], change["old"], change["new"]
    title = f"declared: {change['file']}: {was} -> {becomes}"
    text = path.read_text(encoding="utf-8")
    if not (new / change["file"]).is_file() or becomes not in (new / change["file"]).read_text(encoding="utf-8"):
        report.note(f"{title}: the new tree does not have it; not applied")
        return
    path.write_text(text.replace(was, becomes), encoding="utf-8")
    report.note(f"{title}, {text.count(was)} times. {change['reason']}")


def _reword(change: dict[str, str], old: Path, new: Path, report: Report) -> None:
    differences, taken, files = [], [], sorted(old.glob(change["wording"]))
    for path in files:
        name = str(path.relative_to(old))
        if not (new / name).is_file():
            differences.append(f"{name}: only in the old tree")
        elif same_code(path.read_text(encoding="utf-8"), (new / name).read_text(encoding="utf-8")):
            if path.read_bytes() != (new / name).read_bytes():
                taken.append(name)
                shutil.copyfile(new / name, path)
        else:
            differences.append(f"{name}: more than comments and docstrings differs")
    report.add(f"code under other words: {change['wording']}", len(files), differences)
    if taken:
        report.note(f"declared: other words in {', '.join(taken)}. {change['reason']}")


def same_code(old: str, new: str) -> bool:
    """Return whether two Python sources differ in comments, docstrings and layout at most."""
    return _code(old) == _code(new)


def _code(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = _no_docstring()
    return ast.dump(tree)


def _no_docstring() -> Any:
    return ast.Expr(ast.Constant("docstring"))
