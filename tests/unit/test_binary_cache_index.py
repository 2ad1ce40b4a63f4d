"""The index of a binary cache: what it says counts where the pinned key signed it."""

from __future__ import annotations

import json

import pytest
from own_cache import Built, Told

from bedplate.bundle import sign
from bedplate.errors import BedplateError
from bedplate.model.lock import Lock
from bedplate.origin import index
from bedplate.origin.folder import Folder


def test_index_serves_a_lock_without_outputs(built: Built) -> None:
    """Only an index that the pinned key signed says what a recipe gives."""
    folder = built.publish("cache")
    bare = [entry.model_copy(update={"output": None}) for entry in built.lock.entries]
    lock = Lock(release="2026.1.0", entries=bare, sets={})
    assert built.fill(Told(), Folder(folder), lock=lock)[1].artifacts == 0
    sign.new_key(built.root / "other")
    told = Told()
    filled = built.fill(told, Folder(folder), lock=lock, public=sign.public_key(built.root / "other"))[1]
    assert filled.artifacts == 0
    assert "the pinned key did not sign" in told.lines[0]
    cache, filled = built.fill(Told(), Folder(folder), lock=lock, public=built.public)
    assert (filled.artifacts, built.is_whole(cache)) == (2, True)
    content = json.loads((folder / index.FILE).read_bytes())
    content["entries"]["1"]["sha256"] = "0" * 64
    (folder / index.FILE).write_text(json.dumps(content))
    with pytest.raises(BedplateError, match="did not sign"):
        built.publish("cache")
