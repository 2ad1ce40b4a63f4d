"""What a report may say about a failed test: our own words, never the values that the test handled.

Objects of a cluster hold tokens and passwords, and Python puts values into the messages of its own errors. So only
errors that Bedplate or a test worded itself are quoted. Of any other error, the report has its type and where it was
raised. As a second line of defence, `Redactor` removes what looks like a secret from everything that is written.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection
from pathlib import Path

import pytest

from bedplate.core import paths
from bedplate.core.errors import BedplateError, ErrorList

REMOVED = "(removed)"
SHORTEST = 8
"""Characters: shorter values are not searched for, because they also occur in ordinary text."""
LARGEST_FILE = 1 << 16
WORDED = (BedplateError, ErrorList, pytest.fail.Exception)
_NAMES = r"token|passw(?:or)?d|secret|api[_-]?key|credential|authorization|cookie|xsrf"
_PATTERNS = (
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL),
    re.compile(r"()\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"()\bscrypt\$\S+"),
    re.compile(rf"(?i)((?:{_NAMES})[\w.-]*[\"']?\s*,\s*[\"']?value[\"']?\s*:\s*[\"']?)[^\s\"',;}}]+"),
    re.compile(rf"(?i)((?:{_NAMES})[\w.-]*[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',;}}]+"),
    # A long word of letters and digits; a digest after `sha256:` and a part of a name or path are none.
    re.compile(r"()(?<![\w:/.@-])(?=[A-Za-z+]*\d)(?=[\d+]*[A-Za-z])[A-Za-z0-9+]{32,}={0,2}(?![\w/.-])"),
)


class Redactor:
    """Removes known secrets, and what looks like one, from text."""

    def __init__(self) -> None:
        """Know no secret yet."""
        self._known: set[str] = set()

    def learn(self, value: str) -> None:
        """Remove a value from here on."""
        if len(value) >= SHORTEST:
            self._known.add(value)

    def learn_files(self, folder: Path) -> None:
        """Remove the content of every file below a folder from here on."""
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and path.stat().st_size <= LARGEST_FILE:
                self.learn(path.read_bytes().decode(errors="replace").strip())

    def clean(self, text: str) -> str:
        """Return a text without secrets."""
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, REMOVED)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{REMOVED}", text)
        return text


def explain(error: BaseException, own_files: Collection[Path]) -> str:
    """Return what a report says about an error.

    Args:
        error: what a test or fixture raised.
        own_files: the test files; an assertion in one of them, or in Bedplate, has a message of our own.
    """
    frames = traceback.extract_tb(error.__traceback__)
    worded = isinstance(error, WORDED) or (
        isinstance(error, AssertionError) and bool(error.args) and bool(frames) and _is_own(frames[-1], own_files)
    )
    if worded:
        return str(error)
    own = [frame for frame in frames if _is_own(frame, own_files)]
    where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}: {own[-1].line}" if own else ""
    return f"{type(error).__name__}{where}"


def _is_own(frame: traceback.FrameSummary, own_files: Collection[Path]) -> bool:
    path = Path(frame.filename)
    return path in own_files or path.is_relative_to(paths.SOURCE / "installer" / "bedplate")
