"""Whether a text may contain a word: never "no" if parsing it would find the word."""

from __future__ import annotations

import pytest

from bedplate.kube import prefilter

CASES = [
    (b"kind: Widget\n", "Widget", True),
    (b'{"kind":"Widget"}', "Widget", True),
    (b"kind: Widgets\n", "Widget", False),
    (b"kind: MyWidget\n", "Widget", False),
    (b"kind: MyWidget\nother: Widget", "Widget", True),
    (b'{"text":"one\\nWidget"}', "Widget", True),
    (b'{"kind":"\\u0057idget"}', "Widget", True),
    (b'kind: "\\x57idget"', "Widget", True),
    (b'kind: "Wid\\\n  get"', "Widget", True),
    (b"rbac.authorization.k8s.io/aggregate-to-admin: 'true'", "rbac.authorization.k8s.io/aggregate-to-admin", True),
    (b"", "Widget", False),
]


@pytest.mark.parametrize(("text", "word", "expected"), CASES)
def test_may_contain(text: bytes, word: str, expected: bool) -> None:  # noqa: FBT001  a column of the table
    """A whole word counts, a part of a longer word does not, and an escape may hide any word."""
    assert prefilter.may_contain(text, (word,)) is expected
