"""Whether an unparsed text may contain a word, so that most texts need no parsing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

ESCAPES = re.compile(rb"\\[xuU/\r\n]")
"""Escapes of JSON and YAML that can write a letter, a digit or a slash, or break a word in two."""
ESCAPE = b"\\"


def may_contain(text: bytes, words: Iterable[str]) -> bool:
    """Return whether a text may contain one of these words as a whole word."""
    found = any(word in text and _is_whole_word(word, text) for word in _encoded(frozenset(words)))
    return found or ESCAPES.search(text) is not None


@lru_cache
def _encoded(words: frozenset[str]) -> tuple[bytes, ...]:
    """Return words as bytes; cached because thousands of objects are searched for the same few sets."""
    return tuple(word.encode(errors="surrogatepass") for word in words)


def _is_whole_word(word: bytes, text: bytes) -> bool:
    at = text.find(word)
    while at >= 0:
        begins = not text[at - 1 : at].isalnum() or text[at - 2 : at - 1] == ESCAPE  # as after \\n
        if begins and not text[at + len(word) : at + len(word) + 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False
