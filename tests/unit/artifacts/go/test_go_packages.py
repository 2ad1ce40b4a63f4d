"""The modules that a Go program was linked from are read out of it."""

from __future__ import annotations

import io

import pytest

from bedplate.artifacts.go import go_packages
from factories.go_program import go_program


def test_modules_of_a_program() -> None:
    """The linker's list counts: with replacements, the standard library, and no version of our own wrapper."""
    found = {(one.name, one.version): one.go_sum for one in go_packages.read_program(io.BytesIO(go_program()))}
    assert found.keys() == {("stdlib", "1.25.3"), ("k8s.example/tool", "v1.2.3"), ("github.example/fork", "v1.0.1")}
    assert found["github.example/fork", "v1.0.1"].startswith("h1:BBB")


@pytest.mark.parametrize(
    "data", [b"", go_packages.MAGIC, b"x" * 3_000_000, go_program(version="1.25"), go_program()[:-200]]
)
def test_what_is_no_go_program(data: bytes) -> None:
    """Anything else gives nothing, or what is whole of it, and never an error."""
    assert all(one.ecosystem == go_packages.GO for one in go_packages.read_program(io.BytesIO(data)))
