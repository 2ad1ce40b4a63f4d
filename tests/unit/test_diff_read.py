"""Sides of a diff are read alike from every place they can stand in."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate import catalog, digest, place
from bedplate.bundle.describe import locked_release_file
from bedplate.diff import glance, secret, yaml_text
from bedplate.diff.content import Content
from bedplate.diff.manifests import values
from bedplate.diff.piece import pieces
from bedplate.diff.read import read_pair, read_side
from bedplate.diff.side import Side
from bedplate.diff.unfold import things
from bedplate.render import cached
from bedplate.render.identity import Identity

ROOT = Path(__file__).parents[2]
UPSTREAM = ROOT.parent / "shared/upstream"
RELEASE = "2026.11.0"
POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}
JOB: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "run-"}}
SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "annotations": {secret.LAST_APPLIED: '{"data":{"a":"aHVzaA=="}}'}},
    "data": {"a": "aHVzaA=="},
    "stringData": {"b": "hush", "c": {"secretRef": "db/password"}},
}
OBJECTS = [POD, JOB, SECRET]
PLACES = [Identity("", "Pod", "shop", "web"), Identity("", "Secret", "", "s"), Identity("batch", "Job", "", "run-*")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty working folder and a cache of its own."""
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def _as_yaml(objects: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(objects, explicit_start=True, sort_keys=False)


FORMS = {
    "many.yaml": _as_yaml(OBJECTS),
    "comments.yml": f"# first\n---\n{_as_yaml(OBJECTS)}---\n# last\n...\n",
    "windows.yaml": _as_yaml(OBJECTS).replace("\n", "\r\n"),
    "mark.yaml": "\ufeff" + _as_yaml(OBJECTS),
    "directive.yaml": f"%YAML 1.1\n{_as_yaml(OBJECTS)}",
    "flow.yaml": "\n---\n".join(json.dumps(one) for one in OBJECTS),
    "many.json": "\n".join(json.dumps(one, indent=2) for one in OBJECTS),
    "lines.jsonl": "\n".join(json.dumps(one) for one in OBJECTS),
    "list.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}),
    "list.yaml": yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": OBJECTS}),
    "lists.yaml": _as_yaml([{"apiVersion": "v1", "kind": "List", "items": [one]} for one in OBJECTS]),
    "typed.json": "\n".join(
        json.dumps(
            {"apiVersion": one["apiVersion"], "kind": f"{one['kind']}List", "items": [{**one, "kind": one["kind"]}]}
        )
        for one in OBJECTS
    ),
    "render.jsonl": "\n".join(
        digest.canonical({"component": "c", "layer": "l", "object": one}).decode() for one in OBJECTS
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, folder: Path) -> None:
    """Every way of writing objects down gives the same things, packed or not, as a file, a folder or a stream."""
    (folder / name).write_text(FORMS[name], newline="")
    plain = read_side(name)
    assert list(plain.things) == PLACES
    (folder / "packed").mkdir()
    (folder / "packed" / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    assert {key: one.object for key, one in read_side("packed").things.items()} == {
        key: one.object for key, one in plain.things.items()
    }


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is what is fed to the command."""
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress(FORMS["many.yaml"].encode())))
    monkeypatch.setattr(sys, "stdin", stream)
    assert list(read_side("-").things) == PLACES
    assert folder


def test_places_are_lines(folder: Path) -> None:
    """Each thing knows the line it begins in, in documents, lists and lines."""
    (folder / "a.yaml").write_text(
        "# x\n---\n# y\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\n"
        "items:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n"
        "- apiVersion: v1\n  kind: Pod\n  metadata: {name: c}\n"
    )
    assert [str(one.place) for one in read_side("a.yaml").things.values()] == ["a.yaml:4", "a.yaml:11", "a.yaml:14"]


def test_hidden_files_and_kustomizations_are_no_objects(folder: Path) -> None:
    """A folder's other files do not count."""
    for name in ("b/a.yaml", ".git/x.yaml", ".hidden.yaml", "readme.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(_as_yaml([POD]))
    (folder / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n"
    )
    assert [str(one.place) for one in read_side(".").things.values()] == ["b/a.yaml:2"]


SCALARS = {
    "0644": 420, "0o17": 15, "0x1F": 31, "0b11": 3, "1_000": 1000, "-7": -7, "08": 8, "1e3": 1000, "1.50": 1.5,
    ".5": 0.5, "yes": True, "Off": False, "~": None, "": None, "2026-11-22": "2026-11-22", "12:30": "12:30",
    "1.2.3": "1.2.3", "100m": "100m", "'1'": "1", "!!str 1": "1", "=": "=",
    "12345678901234567890": 12345678901234567890,
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_scalars(text: str) -> None:
    """Plain scalars mean what they mean to kubectl, which is not always what they mean to PyYAML."""
    value, _ = yaml_text.parse(f"a: {text}\n".encode(), "x", 0)
    assert value == {"a": SCALARS[text]}
    assert type(value["a"]) is type(SCALARS[text])


def test_merge_keys_and_aliases() -> None:
    """Aliases are copies, and `<<` takes over what is not there."""
    value, _ = yaml_text.parse(b"a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: [*a, *a]\n", "x", 0)
    assert value == {"a": {"x": 1, "z": 2}, "b": {"x": 1, "z": 3}, "c": [{"x": 1, "z": 2}] * 2}


WRITTEN = st.text("abz :#-,?'\"\n\t{}[]&*!|>%@`äß😀", max_size=12)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | WRITTEN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WRITTEN, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), TREES, min_size=1))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    """YAML that PyYAML writes is read back as it was."""
    for flow in (True, False):
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True).encode()
        assert yaml_text.parse(text, "x", 0)[0] == value


def _upstream() -> list[bytes]:
    return [gzip.decompress(path.read_bytes()) for path in sorted(UPSTREAM.glob("*.yaml.gz"))]


def test_a_glance_tells_what_parsing_tells() -> None:
    """Where an identity is told without parsing, it is the right one; that is so for most objects."""
    texts = [text.encode() for text in FORMS.values()] + _upstream()
    told = total = 0
    for piece in (piece for text in texts for piece in pieces(Content("x", text.replace(b"\r", b"")))):
        found = [one.identity for one in things(values(piece))]
        total += 1
        if (glanced := glance.identity(piece)) is not None:
            told += 1
            assert found == [glanced]
    assert told > total / 3


AMBIGUOUS = [
    b'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: "b"\n',
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: on\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: yes\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n",
    b"apiVersion: v1\nkind: Pod\nkind: Job\nmetadata:\n  name: a\n",
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    b"apiVersion: v1\nkind: PodList\nmetadata:\n  name: a\nitems: []\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  <<: {namespace: b}\n  name: a\n",
    b"apiVersion: v1\nkind: Pod # really\nmetadata:\n  name: a\n",
    b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n",
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","a":{"b":{}},"kind":"Pod","metadata":{"name":"a"}}}',
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namea":"b"}}}',
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"\\u0061"}}}',
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_no_glance_at_what_is_not_plain(text: bytes) -> None:
    """Whatever could mean something else is parsed."""
    (piece,) = pieces(Content("x", text))
    assert glance.identity(piece) is None


def _facts(side: Side) -> dict[Identity, tuple[dict[str, Any], str, str]]:
    return {key: (one.object, one.component, str(one.place)) for key, one in side.things.items()}


@pytest.mark.parametrize("name", FORMS)
def test_a_pair_is_two_sides(name: str, folder: Path) -> None:
    """Reading both sides at once gives what reading each gives."""
    more = {**POD, "metadata": {**POD["metadata"], "name": "new"}}
    (folder / f"old-{name}").write_text(FORMS[name], newline="")
    (folder / "new.yaml").write_text(_as_yaml([more, *OBJECTS]))
    (folder / f"new-{name}").write_text(FORMS[name] + "\n", newline="")
    for other in ("new.yaml", f"new-{name}"):
        pair = read_pair(f"old-{name}", other)
        assert [_facts(side) for side in pair] == [_facts(read_side(f"old-{name}")), _facts(read_side(other))]


def test_equal_texts_have_equal_digests(folder: Path) -> None:
    """What stands on both sides needs no look inside, wherever it stands."""
    (folder / "a.yaml").write_text(_as_yaml(OBJECTS))
    (folder / "b.yaml").write_text(_as_yaml([{**POD, "spec": {}}, *OBJECTS[:0:-1]]))
    old, new = read_pair("a.yaml", "b.yaml")
    assert {key.kind for key in old.things if old.things[key].digest != new.things[key].digest} == {"Pod"}


def test_secrets_are_hidden(folder: Path) -> None:
    """No value of a Secret is in a side: not plain, not in base64, not in kubectl's annotation; references are."""
    (folder / "a.yaml").write_text(_as_yaml([SECRET, {**POD, "spec": {"inner": SECRET}}]))
    side = read_side("a.yaml")
    text = str([one.object for one in side.things.values()])
    assert "hush" not in text
    assert "aHVzaA" not in text
    hidden = next(one.object for key, one in side.things.items() if key.kind == "Secret")
    assert hidden["data"]["a"] == hidden["stringData"]["b"], "one value in two fields"
    assert secret.is_hidden(hidden["data"]["a"])
    assert hidden["stringData"]["c"] == {"secretRef": "db/password"}
    shown = secret.shown(hidden)
    assert (shown["data"]["a"], shown["metadata"]["annotations"][secret.LAST_APPLIED]) == (secret.HIDDEN,) * 2


def test_nothing_is_a_side() -> None:
    """As in git, /dev/null is the side with nothing on it."""
    assert read_side("/dev/null").things == {}


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@test", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def _lay_out(folder: Path) -> None:
    for name in ("inventory", "manifests", "overlays", "releases", "roles", "stacks"):
        source = ROOT / name
        subprocess.run(["cp", "-r", str(source), str(folder / name)], check=True)


def test_a_revision_is_rendered_from_its_own_tree(folder: Path) -> None:
    """Environment, manifests, roles and release come from the revision, wherever the working tree has gone."""
    _lay_out(folder)
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "one")
    template = next((folder / "manifests/coredns").glob("*.yaml.j2"))
    template.write_text(template.read_text().replace("namespace: kube-system", "namespace: kube-public"))
    roles = folder / "roles/site.yml"
    roles.write_text(roles.read_text() + "\n# later\n")
    _git(folder, "commit", "-qam", "two")
    (folder / "inventory/lab/environment.yaml").write_text("broken: [\n")
    old, new = read_pair("HEAD~1:lab", "HEAD:inventory/lab")
    moved = {key[1:] for key in new.things.keys() - old.things.keys()}
    assert moved
    assert {namespace for _, namespace, _ in moved} == {"kube-public"}
    assert old.hosts == new.hosts
    assert set(old.hosts) == {"bastion", "cp1", "worker1"}
    assert {str(one.place).partition(":")[0] for one in old.things.values()} == {"HEAD~1"}
    assert old.kubernetes == old.release.components["kubernetes"] if old.release else False
    assert any("pki/ca.crt" in note for note in old.notes)


def test_an_environment_is_read_on_any_machine(folder: Path) -> None:
    """Without a bundle, HostSpecs and digests of images come from the lock."""
    side = read_side(str(ROOT / "inventory/lab"))
    assert side.environment is not None
    assert side.environment.name == "lab"
    assert all(facts.digest.startswith("sha256:") for facts in side.images.values())
    assert side.hosts["worker1"].binaries
    assert side.blobs == {}, "the cache of this test is empty: nothing is known about sizes"
    assert folder


def _bundle(folder: Path) -> Path:
    """Make the part of a bundle that a diff reads: release file, installer, one image's manifest."""
    release = catalog.load(RELEASE)
    blobs = folder / "bundle/blobs/sha256"
    blobs.mkdir(parents=True)
    with tarfile.open(folder / "installer.tar", "w") as tar:
        for name in ("manifests", "overlays", "releases", "roles", "stacks"):
            tar.add(ROOT / name, name)
    sha256 = digest.of_file(folder / "installer.tar")
    (folder / "installer.tar").rename(blobs / sha256)
    file = locked_release_file(release, release.lock()).model_copy(update={"installer": sha256})
    manifest = {"config": {"digest": "sha256:c", "size": 5}, "layers": [{"digest": "sha256:l", "size": 700}]}
    for artifact in file.artifacts:
        if artifact.image:
            (blobs / artifact.sha256).write_text(json.dumps(manifest))
    (folder / "bundle/release.json").write_text(file.model_dump_json())
    (folder / "bundle/oci-layout").write_text("{}")
    return folder / "bundle"


def test_a_bundle_is_its_release_for_the_reference_site(folder: Path) -> None:
    """A bundle brings its own manifests, and the sizes of its images."""
    side = read_side(str(_bundle(folder)))
    assert side.environment is not None
    assert side.environment.name == "reference"
    assert side.release is not None
    assert side.release.version == RELEASE
    facts = next(iter(side.images.values()))
    assert max(facts.blobs.values()) == 700
    assert {"sha256:c", "sha256:l"} < side.blobs.keys()
    assert len(side.things) > 50


def test_looking_at_another_tree_ends(folder: Path) -> None:
    """Afterwards the installer's own tree counts again."""
    with place.using(folder):
        assert place.source() == folder
        assert place.trees() == [folder]
    assert place.source() == place.SOURCE


def test_a_render_is_kept_and_a_damaged_entry_is_not_used(folder: Path) -> None:
    """What was rendered is not rendered again; what is not whole is."""
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [1]

    assert [cached.kept("key", make), cached.kept("key", make), len(made)] == [[1], [1], 1]
    entry = place.cache() / "render/key"
    for content in (b"", entry.read_bytes()[:-1], entry.read_bytes()[:64], b"\xff"):
        entry.write_bytes(content)
        before = len(made)
        assert cached.kept("key", make) == [1]
        assert len(made) == before + 1
    assert folder
