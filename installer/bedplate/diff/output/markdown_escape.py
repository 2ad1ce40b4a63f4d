"""Escaping of values in the Markdown of GitHub and GitLab, so that no value breaks the layout.

The rules are those of https://github.github.com/gfm/: references such as ``&#124;`` never count as structure (6.2),
and a fence ends only at a line with at least as many backticks (4.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

LONGEST = 400
"""Characters of one name or sentence."""
PLAIN = re.compile(r"[\w./:=+, -]*\w[\w./:=+, ()-]*")
"""Text that needs no escaping in backticks."""
SPECIAL = re.compile(r"[\\`*_\[\]<>&|~@#$:]")
HARMLESS = re.compile(r"(?<=\w)_(?=\w)|:(?=[ \d]|$)")
"""Special characters without effect there: an underscore inside a word, a colon that does not begin an emoji."""


def prose(text: str) -> str:
    """Return text for a sentence; every character with a special meaning becomes a character reference."""
    harmless = {match.start() for match in HARMLESS.finditer(text)}
    flat = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    return _bounded(
        flat, lambda part: SPECIAL.sub(lambda at: at[0] if at.start() in harmless else f"&#{ord(at[0])};", part)
    )


def code(text: str) -> str:
    """Return text as code inside a sentence or a table's cell."""
    if len(text) < LONGEST and text.isascii() and PLAIN.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return tag(text)


def tag(text: str) -> str:
    """Return text as code inside HTML (the line that begins with <details>), where backticks do nothing."""
    return f"<code>{_bounded(text, _references)}</code>"


def _references(text: str) -> str:
    return "".join(char if char.isalnum() or char in " .,-/=+…" else f"&#{ord(char)};" for char in text)


def _bounded(text: str, escape: Callable[[str], str]) -> str:
    """Return escaped text of at most LONGEST characters; it is cut before escaping, so that no reference is cut."""
    escaped = escape(text)
    while len(escaped) > LONGEST:
        text = text[: len(text) * (LONGEST - 1) // (len(escaped) + 1) - 1]
        escaped = escape(text) + "…"
    return escaped


def fenced(lines: Iterable[str], language: str) -> str:
    """Return lines as a block of code, with a fence longer than any run of backticks inside."""
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
