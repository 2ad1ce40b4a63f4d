"""Which strings are parsed as embedded documents, and which are just text."""

from __future__ import annotations

import time

import pytest

from bedplate.kube import embedded

ENDLESS = "a: &a [x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 20)}]" for n in range(20)
)
"""Each line expands to twenty of the line above."""
SHORT = "k0: &k0 [x, x]\n" + "\n".join(f"k{n + 1}: &k{n + 1} [*k{n}, *k{n}]" for n in range(40))
"""The same with two aliases per line: few aliases, but still endless."""


@pytest.mark.parametrize(
    ("key", "text", "form"),
    [
        ("a.json", '{"a": 1}', "json"),
        ("config", '  [{"a": 1}]', "json"),
        ("config", "a: 1\nb: 2\n", "yaml"),
        ("a.yaml", "a: 1", "yaml"),
        ("a.yaml", "just text", None),
        ("a.yaml", "a: [1", None),
        ("a.yaml", "a: *nowhere\n", None),
        ("c.toml", "a = 1\n", "toml"),
        ("c.toml", "a = \n", None),
        ("note", "a: 1", None),
        ("run.sh", "a: 1\nb: 2\n", None),
        ("nginx.conf", "events {}\nhttp {\n  server {}\n}\n", None),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n", None),
        ("deep.json", "[" * 60 + "]" * 60, None),
        ("deeper.json", "[" * 100_000 + "]" * 100_000, None),
        ("endless.yaml", ENDLESS, None),
        ("short.yaml", SHORT, None),
        ("itself.yaml", "a: &a [*a]\nb: 1\n", None),
        ("alias.yaml", "a: &a [x]\nb: *a\n", "yaml"),
        ("date.yaml", "on: 2026-01-01\n", "yaml"),
    ],
)  # fmt: skip
def test_embedded_documents(key: str, text: str, form: str | None) -> None:
    """The form of every text is found in less than a second."""
    start = time.process_time()
    found = embedded.parse(key, text)
    assert (found.form if found else None) == form
    assert time.process_time() - start < 1


def test_dates_stay_text() -> None:
    """The values of a document have JSON types."""
    found = embedded.parse("a.yaml", "day: 2026-01-01\n1: x\n")
    assert found is not None
    assert found.data == {"day": "2026-01-01", "1": "x"}
