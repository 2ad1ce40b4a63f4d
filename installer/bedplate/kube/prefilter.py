"""Whether a text may hold a word, told without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

HIDING = re.compile(rb"\\[xuU/\r\n]")
"""Escapes of JSON and YAML in which a letter, a digit or a slash can be written; or that break a word in two."""
ESCAPE = b"\\"


def may_contain(text: bytes, words: Iterable[str]) -> bool:
    """Return whether one of some words may stand in a text by itself, and not as part of a longer word."""
    found = any(word in text and _stands_alone(word, text) for word in _encoded(frozenset(words)))
    return found or HIDING.search(text) is not None


@lru_cache
def _encoded(words: frozenset[str]) -> tuple[bytes, ...]:
    """Return words as they stand in texts; the same few sets are asked of thousands of objects."""
    return tuple(word.encode(errors="surrogatepass") for word in words)


def _stands_alone(word: bytes, text: bytes) -> bool:
    at = text.find(word)
    while at >= 0:
        begins = not text[at - 1 : at].isalnum() or text[at - 2 : at - 1] == ESCAPE  # as after \\n
        if begins and not text[at + len(word) : at + len(word) + 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False
