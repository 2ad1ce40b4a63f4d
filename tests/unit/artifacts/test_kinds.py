"""The source kinds, by name."""

from __future__ import annotations

import pytest

from bedplate.artifacts.kinds import source_kinds
from bedplate.core.errors import InputError


def test_an_unknown_kind_is_named() -> None:
    """A lock or a bundle with a kind that only another installer has gives an error with the kinds known here."""
    assert list(source_kinds())[-1] == "image"
    with pytest.raises(InputError, match=r"source kind chart is not one of .*go.*image"):
        source_kinds()["chart"]
