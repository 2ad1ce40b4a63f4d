"""Deltas in the lab: the next release is transferred without what the site already has."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts import kinds
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.relock import relock
from bedplate.build.build_bundle import build_bundle
from bedplate.hosts import ssh
from bedplate.lab.container import MEDIA
from bedplate.lab.up import BUNDLE, PUBLISHER
from factories.running_lab import RunningLab

NEXT = "2026.11.1"
KILLS, SEED, LONGEST_SECONDS = 20, 4, 4.0
KILLED = "137"
MERGED = "/var/lib/bedplate/merged"
PUBLISHER_FILE = "/root/publisher.pub"


@pytest.fixture(scope="module")
def full(lab: RunningLab) -> Path:
    """Build the next release as a full bundle, which is not transferred; relocked like the lab's own release."""
    out, release = lab.lab.folder / "next", load_release(NEXT)
    lock = relock(kinds.build_context(release, Cache(), release.lock())).lock
    build_bundle(release, out, lab.lab.folder / PUBLISHER / "id_ed25519", lock=lock)
    return out


@pytest.fixture(scope="module")
def delta(lab: RunningLab, full: Path) -> dict[str, Any]:
    """Make the delta against the bastion's inventory, on the lab's medium; return the command's JSON."""
    lab.inside("bedplate", "bundle", "inventory", "--env", lab.lab.name, "--out", "/root/site.inventory")
    inventory = lab.lab.folder / "site.inventory"
    inventory.write_bytes(ssh.run(ssh.bastion(lab.site), ["cat", "/root/site.inventory"]).stdout)
    site_key = lab.lab.folder / "site.pub"
    site_key.write_text(lab.inside("cat", f"/etc/bedplate/{lab.lab.name}/pki/site.pub"))
    key = lab.lab.folder / PUBLISHER / "id_ed25519"
    words = ["--inventory", str(inventory), "--site", str(site_key), "--key", str(key)]
    found: dict[str, Any] = lab.answer(
        "bundle", "delta", str(full), *words, "--out", str(lab.lab.folder / "media/delta")
    )
    return found


@pytest.fixture
def first_again(lab: RunningLab) -> Iterator[None]:
    """Install the first release again after the test, and remove the next one."""
    yield
    lab.inside("python3", f"{MEDIA}/{BUNDLE}/install", "--publisher", PUBLISHER_FILE)
    lab.inside("bedplate", "release", "remove", NEXT)


def test_only_changes_are_transferred(full: Path, delta: dict[str, Any]) -> None:
    """A new version of one component costs a small part of the bundle."""
    size = sum(entry["size"] for entry in json.loads((full / "manifest.json").read_bytes())["files"])
    assert delta["full"] == size
    assert delta["delta"] * 50 < size


@pytest.mark.usefixtures("delta")
def test_a_merge_that_is_killed_twenty_times_leaves_all_or_nothing(lab: RunningLab, full: Path) -> None:
    """A merge killed at seeded moments leaves no bundle or a complete one; the next test completes it."""
    moments = random.Random(SEED)  # noqa: S311  moments, no secrets
    merge = ["bedplate", "bundle", "merge", f"{MEDIA}/delta", "--out", MERGED, "--publisher", lab.lab.name]
    script = f'timeout --signal=KILL "$@" >/dev/null 2>&1; echo $?; sha256sum <{MERGED}/manifest.json; rm -rf {MERGED}'
    whole = hashlib.sha256((full / "manifest.json").read_bytes()).hexdigest()
    killed = 0
    for _ in range(KILLS):
        code, *digest = lab.inside(
            "sh", "-c", script, "sh", f"{moments.uniform(0.3, LONGEST_SECONDS):.2f}", *merge
        ).split()
        killed += code == KILLED
        assert code in (KILLED, "0")
        assert digest in ([[], [whole, "-"]] if code == KILLED else [[whole, "-"]])
    assert killed >= KILLS / 4


@pytest.mark.usefixtures("delta", "first_again")
def test_the_merged_bundle_equals_the_full_one_and_installs(lab: RunningLab, full: Path) -> None:
    """The merged bundle equals the full one byte for byte, and can be installed."""
    lab.inside("bedplate", "bundle", "merge", f"{MEDIA}/delta", "--out", MERGED, "--publisher", lab.lab.name)
    listed = lab.inside("sh", "-c", f"cd {MERGED} && find . -type f -printf '%P\\n' | xargs sha256sum")
    merged = {path: digest for digest, path in (line.split("  ") for line in listed.splitlines())}
    wanted = {entry["path"]: entry["sha256"] for entry in json.loads((full / "manifest.json").read_bytes())["files"]}
    assert {path: digest for path, digest in merged.items() if not path.startswith("manifest.json")} == wanted
    for name in ("manifest.json", "manifest.json.sig"):
        assert lab.inside("cat", f"{MERGED}/{name}") == (full / name).read_text()
    lab.inside("python3", f"{MERGED}/install", "--publisher", PUBLISHER_FILE)
    assert NEXT in lab.inside("bedplate", "release", "list")


@pytest.mark.usefixtures("delta", "first_again")
def test_an_environment_stays_at_its_release_when_the_next_one_arrives(lab: RunningLab) -> None:
    """`bedplate` is then the next release's, but hands over: only the mirror serves more, and no host changes."""
    lab.inside("python3", f"{MERGED}/install", "--publisher", PUBLISHER_FILE)
    release = lab.site.environment.release.partition("+")[0]
    assert lab.inside("readlink", "-f", "/usr/local/bin/bedplate").strip().endswith(f"/{NEXT}/bedplate")
    done = lab.bedplate("apply", lab.lab.name, "--yes", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert f"using the installer of release {release}" in done.stderr
    assert set(json.loads(done.stdout)["ran"]) <= {"mirror-tree"}
