"""The probe of a host's state: what counts as a difference, and what does not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bedplate.core import command
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions, all_questions

LIST_TABLE = "nft -j list table inet bedplate_audit"
RULES: list[dict[str, Any]] = [
    {"metainfo": {"version": "1.0.6"}},
    {"counter": {"name": "outside", "handle": 2, "packets": 0, "bytes": 0}},
    {"set": {"name": "since", "flags": ["timeout"], "elem": [{"elem": {"val": "0.0.0.0", "expires": 100}}]}},  # noqa: S104  an element
    {"set": {"name": "offenders", "type": "ipv4_addr"}},
    {"set": {"name": "inside", "flags": ["interval"], "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}]}},
    {"rule": {"chain": "judge", "handle": 9, "expr": [{"set": {"op": "update", "set": "@offenders"}}]}},
]


def _table(monkeypatch: pytest.MonkeyPatch, rules: list[dict[str, Any]]) -> str:
    printed = {LIST_TABLE: json.dumps({"nftables": rules})}
    monkeypatch.setattr(state_probe, "output", lambda words: printed[" ".join(words)])
    return state_probe.table("inet bedplate_audit")


def _changed(**values: Any) -> list[dict[str, Any]]:
    """Return the rules with some values of objects changed, by object's name."""
    kinds = [next(iter(rule)) for rule in RULES]
    return [
        {kind: {**rule[kind], **values.get(rule[kind].get("name", rule[kind].get("chain", "")), {})}}
        for kind, rule in zip(kinds, RULES, strict=True)
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"outside": {"packets": 7, "bytes": 420, "handle": 12}},
        {"since": {"elem": [{"elem": {"val": "0.0.0.0", "expires": 99}}]}},  # noqa: S104  an element
        {"offenders": {"elem": ["10.0.0.1"]}},
        {"judge": {"handle": 10}},
    ],
)
def test_what_packets_and_time_change_is_no_difference(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, dict[str, Any]]
) -> None:
    """Counts, handles, and elements that rules collect or that expire."""
    assert _table(monkeypatch, _changed(**values)) == _table(monkeypatch, RULES)


@pytest.mark.parametrize(
    "values",
    [{"judge": {"expr": [{"accept": None}]}}, {"inside": {"elem": []}}, {"offenders": {"type": "ether_addr"}}],
)
def test_a_changed_rule_or_range_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, dict[str, Any]]
) -> None:
    """An address that is added to the inside would hide what leaves."""
    assert _table(monkeypatch, _changed(**values)) != _table(monkeypatch, RULES)


def test_a_file_is_its_content_mode_and_owner(tmp_path: Path) -> None:
    """Each of them is a difference, and so are a link in its place, and nothing."""
    path = tmp_path / "file"
    path.write_text("one")
    path.chmod(0o644)
    states = [state_probe.file(str(path))]
    path.write_text("two")
    states.append(state_probe.file(str(path)))
    path.chmod(0o600)
    states.append(state_probe.file(str(path)))
    if os.geteuid() == 0:
        os.chown(path, 1, 1)
        states.append(state_probe.file(str(path)))
    path.unlink()
    states.append(state_probe.file(str(path)))
    path.symlink_to("elsewhere")
    states.append(state_probe.file(str(path)))
    assert len({*states}) == len(states)
    assert states[-2:] == ["missing", "link to elsewhere"]
    tmp_path.chmod(0o750)
    assert state_probe.file(str(tmp_path)).startswith("folder 0750 ")


def test_a_large_file_is_compared_without_reading_it(tmp_path: Path) -> None:
    """A program is compared by size and time; reading all of a host's programs would take seconds."""
    path = tmp_path / "program"
    path.write_bytes(b"x" * (state_probe.LARGE + 1))
    before = state_probe.file(str(path))
    os.utime(path, (1, 1))
    assert state_probe.file(str(path)) != before


def test_a_block_is_our_part_of_a_file(tmp_path: Path) -> None:
    """What the site writes around it is its own business; a file without the block has lost it."""
    path = tmp_path / "hosts"
    path.write_text("# BEGIN Bedplate\n10.0.0.1 api\n# END Bedplate\n")
    before = state_probe.block(str(path))
    path.write_text("127.0.0.1 localhost\n# BEGIN Bedplate\n10.0.0.1 api\n# END Bedplate\nmore\n")
    assert state_probe.block(str(path)) == before
    path.write_text("# BEGIN Bedplate\n10.0.0.2 api\n# END Bedplate\n")
    assert state_probe.block(str(path)) != before
    path.write_text("127.0.0.1 localhost\n")
    assert state_probe.block(str(path)) == state_probe.block(str(tmp_path / "none")) == "missing"


def test_what_is_added_is_a_difference(tmp_path: Path) -> None:
    """A path that matches a pattern, and a line that matches an expression; what does not match is the site's."""
    assert state_probe.names(f"{tmp_path}/*.list") == "none"
    (tmp_path / "site.list").touch()
    (tmp_path / "other").touch()
    assert state_probe.names(f"{tmp_path}/*.list") == f"{tmp_path}/site.list"
    (tmp_path / "folder").mkdir()
    assert state_probe.names(f"{tmp_path}/*/") == f"{tmp_path}/folder/"
    asked, file = rf"{tmp_path}/fstab ^[^#\s]\S*\s+\S+\s+swap\s", tmp_path / "fstab"
    assert state_probe.lines(asked) == "none"
    file.write_text("/dev/sda1 / ext4 defaults 0 1\n# turned off: /dev/sda2 none swap sw 0 0\n")
    assert state_probe.lines(asked) == "none"
    file.write_text("/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n")
    assert state_probe.lines(asked) != "none"


def test_units_are_read_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own state, also one that does not exist."""
    words = "systemctl show --property=ActiveState,UnitFileState -- a.service b.service"
    shown = "ActiveState=active\nUnitFileState=enabled\n\nActiveState=inactive\nUnitFileState=\n"
    monkeypatch.setattr(state_probe, "output", lambda typed: {words: shown}[" ".join(typed)])
    assert state_probe.units(["a.service", "b.service"]) == {"a.service": "active enabled", "b.service": "inactive "}


def test_a_route_is_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two routes are one text, whatever their order; without any, it is missing."""
    words = "ip -o -4 route show table main exact 10.0.0.0/8"
    for printed, state in (("b  dev x \na dev y\n", "a dev y; b dev x"), ("", "missing")):
        monkeypatch.setattr(state_probe, "output", lambda typed, text=printed: {words: text}[" ".join(typed)])
        assert state_probe.route("10.0.0.0/8") == state


def test_it_runs_from_standard_input_with_the_standard_library() -> None:
    """As over SSH, and on a host that has nothing of Bedplate."""
    asked = HostQuestions(
        files=("/etc/passwd",),
        blocks=("/etc/passwd",),
        tables=("inet none",),
        routes=("192.0.2.255/32",),
        checks=("echo unchanged", "false", "none-such"),
        units=("none.service",),
        settings={"kernel.ostype": "Linux", "kernel.none": "1"},
        packages=("bash", "none"),
        package_command='echo "$1" 5.2-1',
    )
    source = Path(state_probe.__file__).read_bytes()
    done = command.run([sys.executable, "-I", "-", asked.model_dump_json()], stdin=source)
    found = json.loads(done.stdout)
    assert (found["setting kernel.ostype"], found["package bash"]) == ("Linux", "5.2-1")
    assert [found[f"check {words}"] for words in asked.checks] == ["unchanged", "", ""]
    assert found["package none"] == found["setting kernel.none"] == "missing"
    assert found["file /etc/passwd"].endswith("0644 0:0")
    lost = ("block /etc/passwd", "table inet none", "route 192.0.2.255/32")
    assert [found[item] for item in lost] == ["missing"] * 3
    assert b"import bedplate" not in source


def test_a_check_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is empty, so its step runs again; a host that is silent for longer would count as gone."""
    monkeypatch.setattr(state_probe, "CHECK_SECONDS", 0.1)
    assert state_probe.check("sleep 60") == ""
    assert HostQuestions(checks=("a b",)).required() == {"check a b": "unchanged"}


def test_questions_of_several_steps_are_asked_once() -> None:
    """A unit of two roles is one question, and the packages' command is kept."""
    one = HostQuestions(units=("a.service",), files=("/a",))
    two = HostQuestions(units=("a.service", "b.service"), packages=("bash",), package_command="dpkg-query")
    joined = all_questions([one, two])
    assert (joined.units, joined.files, joined.package_command) == (("a.service", "b.service"), ("/a",), "dpkg-query")
    assert joined.required() == {"unit a.service": "active enabled", "unit b.service": "active enabled"}
    assert all_questions([]).is_empty
