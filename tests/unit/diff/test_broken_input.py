"""Invalid input of `bedplate diff`: exit code 2, one clear error with file and line, nothing else."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from bedplate import cli
from bedplate.core import paths
from factories import need_program

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n"
OTHER = f"{GOOD}data: {{a: b}}\n"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LINE = '{"component":"c","layer":"l","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}}\n'
OTHER_LINE = LINE.replace('"name":"a"}', '"name":"a"},"spec":{}')

FILES: dict[str, tuple[str | bytes, str]] = {
    # name of the file: its content, and what the error must say
    "indent.yaml": (GOOD + "data:\n  a: 1\n b: 2\n", r"indent\.yaml:6:2: YAML cannot be read: .*block mapping"),
    "unclosed.yaml": (GOOD + 'data: {a: "x\n', r"unclosed\.yaml:5:1: YAML cannot be read: .*quoted scalar"),
    "second.yaml": (f"{GOOD}---\n{GOOD}data: [\n", r"second\.yaml:9:1: YAML cannot be read"),
    "tab.yaml": (GOOD + "data:\n\ta: b\n", r"tab\.yaml:5:1: YAML cannot be read: .*token"),
    "control.yaml": (GOOD + "data: {a: '\x01'}\n", r"control\.yaml:4: YAML contains the character U\+0001"),
    "duplicate.yaml": (GOOD + "kind: Secret\n", r"duplicate\.yaml:4:1: key kind is a duplicate .*first on line 2"),
    "duplicate-deep.yaml": (GOOD + "data:\n  a: 1\n  a: 1\n", r"duplicate-deep\.yaml:6:3: key a is a duplicate"),
    "dup-true.yaml": (GOOD + "data:\n  yes: 1\n  true: 1\n", r"dup-true\.yaml:6:3: key true is a duplicate"),
    "same.yaml": (f"{GOOD}---\n# twin\n{OTHER}", r"same\.yaml:6: object core/ConfigMap/b/a is a duplicate .*yaml:1\b"),
    "no-kind.yaml": ("\n\napiVersion: v1\nmetadata: {name: a}\n", r"no-kind\.yaml:3: object has no kind"),
    "no-api.yaml": ("kind: Pod\nmetadata: {name: a}\n", r"no-api\.yaml:1: object has no apiVersion"),
    "no-name.yaml": ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", r"no-name\.yaml:1: object has no metadata\.name"),
    "no-metadata.yaml": ("apiVersion: v1\nkind: Pod\n", r"no-metadata\.yaml:1: object has no metadata\b"),
    "metadata-list.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: [a]\n",
        r"has a list as metadata, which must be a map",
    ),
    "name-number.yaml": (GOOD.replace("name: a", "name: 12"), r"yaml:1: object has a number as metadata\.name"),
    "namespace-map.yaml": (GOOD.replace(": b}", ": {}}").replace("{}", "{a: 1}"), r"mapping as metadata\.namespace"),
    "labels-text.yaml": (GOOD.replace("name: a", "name: a, labels: x"), r"has text as metadata\.labels"),
    "kind-number.yaml": (GOOD.replace("ConfigMap", "7"), r"object has a number as kind"),
    "list.yaml": ("- a\n- b\n", r"list\.yaml:1: document is a list, not a Kubernetes object"),
    "text.yaml": ("just words\n", r"text\.yaml:1: document is text, not a Kubernetes object"),
    "items.yaml": ("apiVersion: v1\nkind: List\nitems: {a: b}\n", r"items\.yaml:1: items of List is a mapping"),
    "junk-item.yaml": ("apiVersion: v1\nkind: List\nitems:\n- 3\n", r"junk-item\.yaml:1: document is a number"),
    "bad-item.yaml": ("apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata: 3\n", r"bad-item\.yaml:4: object"),
    "alias.yaml": (GOOD + "data: *gone\n", r"alias\.yaml:4:7: YAML cannot be read: found undefined alias"),
    "loop.yaml": (GOOD + "data: &x {a: *x}\n", r"loop\.yaml:4:7: YAML refers to itself|YAML expands without end"),
    "laughs.yaml": (GOOD + LAUGHS, r"laughs\.yaml:\d+:\d+: YAML expands without end through its aliases"),
    "merge.yaml": (GOOD + "data: {<<: 3}\n", r"merge\.yaml:4:12: key << does not name a mapping"),
    "tag.yaml": (GOOD + "data: !!python/object:os.system {}\n", r"tag\.yaml:4:7: tag \S+ means nothing to Kubernetes"),
    "key-list.yaml": (GOOD + "data: {[a]: b}\n", r"key-list\.yaml:4:8: key is not text"),
    "nan.yaml": (GOOD + "data: .nan\n", r"nan\.yaml:4:7: number is \.nan"),
    "deep.yaml": (GOOD + "data: " + "[" * 5000 + "]" * 5000, r"deep\.yaml:4: YAML is nested deeper than 100 levels"),
    "deep-block.yaml": ("- " * 5000 + "x", r"deep-block\.yaml:1: YAML is nested deeper"),
    "deep.json": ('{"a":' * 200_000, r"deep\.json:1: JSON is nested too deep"),
    "empty.yaml": ("", r"empty\.yaml: input contains no Kubernetes object"),
    "comments.yaml": ("# only\n---\n# comments\n", r"comments\.yaml: input contains no Kubernetes object"),
    "cut.json": ('{"apiVersion": "v1",\n"kind": ', r"cut\.json:2:9: JSON cannot be read: expecting value"),
    "comma.json": ('{"a": 1,}', r"comma\.json:1:9: JSON cannot be read"),
    "dup.json": ('{"apiVersion": "v1",\n "kind": "Pod",\n "kind": "Pod"}', r"dup\.json:3:2: key kind is a dup"),
    "nan.json": ('{"apiVersion": NaN}', r"nan\.json:1: number is NaN"),
    "digits.json": ('{"apiVersion": ' + "1" * 5000 + "}", r"digits\.json:1: number is too long"),
    "array.json": ("[1, 2]", r"array\.json:1: document is a list"),
    "line.jsonl": (LINE + LINE.replace('"a"', '"b"')[:50] + "\n", r"line\.jsonl:2:\d+: JSON cannot be read"),
    "more.jsonl": (LINE.rstrip() + " x\n", r"more\.jsonl:1:\d+: JSON cannot be read: there is more than one value"),
    "keys.jsonl": ('{"component":"c","object":{}}\n', r"keys\.jsonl:1: line lacks one of the keys"),
    "same.jsonl": (LINE + OTHER_LINE, r"same\.jsonl:2: object core/Pod/-/a is a duplicate .* same\.jsonl:1|jsonl:1"),
    "host.jsonl": ('{"address":"10.0.0.1"}\n', r"host\.jsonl:1: line is not a HostSpec"),
    "binary.yaml": (b"\x7fELF\x02\0\0\0", r"binary\.yaml:1: file is binary"),
    "nul.yaml": (GOOD.encode() + b"data: {a: '\0'}\n", r"nul\.yaml:4: file is binary: it contains a NUL byte"),
    "latin.yaml": (GOOD.encode() + b"data: {a: '\xe4'}\n", r"latin\.yaml:4: text is not UTF-8"),
    "utf16.yaml": (GOOD.encode("utf-16"), r"utf16\.yaml:1: file is binary|not UTF-8"),
    "bad.yaml.gz": (b"\x1f\x8bnot gzip at all", r"bad\.yaml\.gz: gzip file is damaged|ends too early"),
    "cut.yaml.gz": (gzip.compress(GOOD.encode() * 500)[:-20], r"cut\.yaml\.gz: gzip file ends too early"),
    "flipped.yaml.gz": (gzip.compress(GOOD.encode())[:-8] + b"\0" * 8, r"flipped\.yaml\.gz: gzip file is damaged"),
}


def fail(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a command that must refuse its input, and return the one line it says."""
    monkeypatch.setattr(sys, "argv", ["bedplate", *words])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr()
    assert (stopped.value.code, said.out) == (2, ""), said
    assert all(line.startswith("  hint: ") for line in said.err.splitlines()[1:]), said.err
    return said.err


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a file that can be read, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    return "good.yaml"


@pytest.mark.parametrize("name", FILES)
def test_broken_file(name: str, good: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file, the line in it, and what is wrong."""
    content, said = FILES[name]
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert re.search(said, fail(["diff", good, name], capsys, monkeypatch))


@pytest.mark.parametrize("name", ["indent.yaml", "duplicate.yaml", "same.yaml", "line.jsonl", "no-kind.yaml"])
def test_two_equal_invalid_files(
    name: str, good: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two equal files that cannot be read are an error, not an empty diff."""
    content, said = FILES[name]
    Path(good).write_bytes(content if isinstance(content, bytes) else content.encode())
    Path(name).write_bytes(Path(good).read_bytes())
    assert re.search(said.removeprefix(name.replace(".", r"\.")), fail(["diff", good, name], capsys, monkeypatch))


def _empty(folder: Path) -> None:
    (folder / "x").mkdir()


def _no_manifests(folder: Path) -> None:
    _empty(folder)
    (folder / "x/readme.md").write_text("# x")


def _objects_in_two_files(folder: Path) -> None:
    _empty(folder)
    (folder / "x/1.yaml").write_text(GOOD)
    (folder / "x/2.yaml").write_text(OTHER)


def _only_a_kustomization(folder: Path) -> None:
    _empty(folder)
    (folder / "x/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n"
    )
    (folder / "x/y").mkdir()
    (folder / "x/y/kustomization.yaml").write_text("resources: [a.yaml]\n")


def _wrong_environment(folder: Path) -> None:
    _empty(folder)
    (folder / "x/environment.yaml").write_text("name: [\n")
    (folder / "x/hosts.yaml").write_text("all: {children: {}}\n")


def _wrong_bundle(folder: Path) -> None:
    _empty(folder)
    (folder / "x/oci-layout").write_text("{}")
    (folder / "x/release.json").write_text("{}")


def _nothing(_: Path) -> None:
    pass


SPECS: list[tuple[str, Callable[[Path], None], str]] = [
    # snapshot, what to create there, what the error must say
    ("x", _empty, r"x: directory contains no file that ends in \.yaml"),
    ("x", _no_manifests, r"x: directory contains no file"),
    ("x", _objects_in_two_files, r"x/2\.yaml:1: object core/ConfigMap/b/a is a duplicate .*x/1\.yaml:1"),
    ("x", _only_a_kustomization, r"x: input contains no Kubernetes object"),
    ("x", _wrong_environment, r"environment\.yaml:2:1: YAML cannot be read"),
    ("x", _wrong_bundle, r"x/release\.json: bundle cannot be read"),
    ("gone.yaml", _nothing, r"snapshot gone\.yaml is not a file, directory, environment or"),
    ("gone/", _nothing, r"snapshot gone/ is not a file"),
    ("no-such-revision:lab", _nothing, r"revision no-such-revision was not found in"),
    ("HEAD:no-such-environment", _nothing, r"environment no-such-environment was not found at HEAD"),
    ("HEAD:../lab", _nothing, r"names a path outside the repository"),
]


@pytest.mark.parametrize(("spec", "make", "said"), SPECS)
def test_invalid_snapshot_name(  # noqa: PLR0913  a row of the table, and pytest's fixtures
    spec: str,
    make: Callable[[Path], None],
    said: str,
    *,
    good: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A word that names no snapshot is refused."""
    make(Path.cwd())
    assert re.search(said, fail(["diff", good, spec], capsys, monkeypatch))


def test_unreadable_file(good: str) -> None:
    """A file without read permission is named; root runs the command without the right to read every file."""
    Path("closed.yaml").touch(mode=0)
    words = [sys.executable, "-m", "bedplate", "diff", good, "closed.yaml"]
    if os.geteuid() == 0:
        need_program("setpriv")
        words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
    environment = {**os.environ, "PYTHONPATH": str(paths.SOURCE / "installer")}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "closed.yaml: file cannot be read: Permission denied" in done.stderr


def test_both_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream cannot be two snapshots."""
    assert "standard input cannot be both snapshots" in fail(["diff", "-", "-"], capsys, monkeypatch)


MEASURED = """
    import resource, sys, time
    from bedplate.diff.input.read_snapshots import read_pair
    from bedplate.core.errors import InputError
    start = time.process_time()
    try:
        read_pair("good.yaml", sys.argv[1])
    except InputError as error:
        print(error)
    seconds, megabytes = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    read_pair("good.yaml", "plain.yaml")
    print(seconds / (time.process_time() - start), megabytes)
"""
PLAIN_OBJECTS = 20_000
"""Read in 1 s on a usual machine, and in 2 s on our slowest."""


def _long_line(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * 2**20)


def _gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(b"a: b\n" * 200_000)


def _many_aliases(path: Path) -> None:
    path.write_text(GOOD + "x: &x [" + "a, " * 1000 + "]\n" + "".join(f"y{n}: [{'*x, ' * 100}]\n" for n in range(500)))


def _flat_but_long(path: Path) -> None:
    path.write_text(GOOD + 'data: "' + "a b " * 7_000_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("long.yaml", _long_line, "long.yaml:1: line is longer than 32 MiB"),
        ("bomb.yaml.gz", _gzip_bomb, "bomb.yaml.gz: file is larger than 128 MiB"),
        ("aliases.yaml", _many_aliases, "YAML expands without end"),
        ("scalar.yaml", _flat_but_long, "YAML cannot be read"),
    ],
)
def test_bounded(name: str, make: Callable[[Path], None], said: str, good: str) -> None:
    """Files made to exhaust a machine take at most 500 MB, and no more time than 20,000 plain objects."""
    make(Path(name))
    plain = (GOOD.replace("name: a", f"name: a{number}") for number in range(PLAIN_OBJECTS))
    Path("plain.yaml").write_text("---\n".join(plain))
    words = [sys.executable, "-c", textwrap.dedent(MEASURED), name]
    environment = {**os.environ, "PYTHONPATH": str(paths.SOURCE / "installer")}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    *lines, figures = done.stdout.splitlines()
    ratio, megabytes = map(float, figures.split())
    assert said in "".join(lines), done.stdout
    assert ratio < 1
    assert megabytes < 500
    assert good
