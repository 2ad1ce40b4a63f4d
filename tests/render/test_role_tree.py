"""The files and variables of a role, computed without Ansible."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.core.errors import InputError
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree

TASKS = """
- name: Write a secret place
  ansible.builtin.template: {src: etc/private.j2, dest: /etc/private, mode: "0600"}
- name: Write names
  ansible.builtin.template: {src: etc/name.j2, dest: "/etc/{{ item }}", mode: "0755"}
  loop: "{{ tiny_names }}"
  when: tiny_wanted
"""
VARIABLES = """
tiny_known: ["{{ tiny_wanted }}", plain]
tiny_ansibles: ["{{ tiny_wanted | b64decode }}"]
tiny_later: "{{ tiny_read.stdout }}"
tiny_also: "{{ tiny_wanted | b64decode }}"
"""


@pytest.fixture
def tree(tmp_path: Path) -> RoleTree:
    """Return the roles of a folder that has one small role."""
    files = {"tasks/main.yml": TASKS, "vars/main.yml": VARIABLES, "templates/etc/private.j2": "{{ tiny_wanted }}\n"}
    for name, text in {**files, "templates/etc/name.j2": "{{ item }}\n"}.items():
        path = tmp_path / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return RoleTree(tmp_path)


def _role(tree: RoleTree, *, wanted: bool) -> Role:
    return tree.role("tiny", {"tiny_wanted": wanted, "tiny_names": ["a", "b"]})


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        (False, [("/etc/private", "0600", "False\n")]),
        (True, [("/etc/private", "0600", "True\n"), ("/etc/a", "0755", "a\n"), ("/etc/b", "0755", "b\n")]),
    ],
)
def test_files_have_path_mode_and_content(tree: RoleTree, *, wanted: bool, files: list[tuple[str, str, str]]) -> None:
    """Conditions and loops are followed."""
    assert [(one.path, one.mode, one.content) for one in _role(tree, wanted=wanted).files()] == files


def test_only_what_can_be_known_without_a_host_is_a_value(tree: RoleTree) -> None:
    """Variables that need Ansible's own filters, or what a task read on the host, are left out, also in lists."""
    values = _role(tree, wanted=True).values
    assert values["tiny_known"] == [True, "plain"]
    assert not {"tiny_ansibles", "tiny_later", "tiny_also"} & values.keys()


def test_a_file_with_the_other_ending_is_refused(tree: RoleTree, tmp_path: Path) -> None:
    """A role's files end in .yml."""
    (tmp_path / "tiny/defaults").mkdir()
    (tmp_path / "tiny/defaults/main.yaml").write_text("tiny_wanted: true\n")
    with pytest.raises(InputError, match=r"file main\.yaml is not read"):
        _role(tree, wanted=True)
