"""Writing a bundle, killed at random moments."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.bundle import publisher_signature, verify_bundle
from bedplate.bundle.write_bundle import write_bundle
from factories import killed, tiny_bundle

KILLS = 20


@pytest.mark.slow
def test_a_bundle_that_was_killed_anywhere_is_finished_by_the_next_run(tmp_path: Path) -> None:
    """Whatever a killed build leaves in the folder, the next one completes it."""
    cache, key, counted = Cache(tmp_path / "cache"), tmp_path / "key", tmp_path / "counted"
    publisher_signature.new_key(key)
    release = tiny_bundle.release_file(cache, wheels=False)
    killed.run_until(0, lambda: write_bundle(tmp_path / "undisturbed", release, cache, key), counted)
    total, ended = int(counted.read_text()), []
    for moment in random.Random(7).sample(range(1, total), KILLS):  # noqa: S311  seeded on purpose
        out = tmp_path / f"out-{moment}"
        work = lambda place=out: write_bundle(place, release, cache, key)  # noqa: E731  one path each
        ended.append(killed.run_until(moment, work, counted))
        write_bundle(out, release, cache, key)
        verify_bundle.verify(out, publisher_signature.public_key(key))
    assert ended.count(-signal.SIGKILL) > KILLS / 2
