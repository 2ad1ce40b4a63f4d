import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.core import paths
from bedplate.core.command import run
from bedplate.distributions.find_distribution import distribution_names, find_distribution
from bedplate.render.role_tree import PACKAGE_SOURCE

ROLES = paths.SOURCE / "roles"
NAMES = sorted(path.parent.parent.name for path in ROLES.glob("*/tasks/main.yml"))
PROGRAMS = Path(sys.executable).parent
BARE = re.compile(r"^\s*(?!ansible\.)(?:command|shell|copy|template|file|apt|systemd|service|stat):\s", re.MULTILINE)


def _read(role: str, part: str) -> Any:
    path = ROLES / role / part
    return yaml.safe_load(path.read_text()) if path.exists() else None


def _options(role: str) -> dict[str, Any]:
    options: dict[str, Any] = _read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_specification(role: str) -> None:
    """A role's defaults/main.yml equals the defaults in its argument specification; other arguments are required."""
    options = _options(role)
    assert _read(role, "defaults/main.yml") == {n: o["default"] for n, o in options.items() if "default" in o}
    assert all(option.get("required") for option in options.values() if "default" not in option)


@pytest.mark.parametrize("role", NAMES)
def test_names_start_with_the_role(role: str) -> None:
    """Every argument and variable starts with its role's name."""
    names = [*_options(role), *(_read(role, "vars/main.yml") or {})]
    assert [name for name in names if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", NAMES)
def test_every_option_is_explained(role: str) -> None:
    """Every argument has a description, and the role has a README."""
    assert all(option["description"].endswith(".") for option in _options(role).values())
    assert (ROLES / role / "README.md").read_text().startswith(f"# {role}\n")


@pytest.mark.parametrize("role", NAMES)
def test_templates_are_at_their_files_paths(role: str) -> None:
    """A template's path in templates/ is its path on the host; no template is unused."""
    text = "".join(path.read_text() for path in (ROLES / role / "tasks").glob("*.yml"))
    for name, value in (_read(role, "defaults/main.yml") or {}).items():
        text = text.replace(f'"{{{{ {name} }}}}"', str(value))
    for path in (ROLES / role / "templates").rglob("*.j2"):
        name = str(path.relative_to(ROLES / role / "templates"))
        assert name in text
        if name.startswith("etc/") and "certs.d" not in name and name != "etc/hosts.j2":
            assert f"dest: /{name.removesuffix('.j2')}\n" in text


@pytest.mark.parametrize("role", NAMES)
def test_roles_use_neither_groups_nor_facts(role: str) -> None:
    """What a role does depends on its arguments only."""
    text = "".join(path.read_text() for path in (ROLES / role).rglob("*.yml"))
    assert not re.search(r"groups\[|group_names|ansible_facts|hostvars|ansible_default_ipv4", text)


@pytest.mark.parametrize("role", NAMES)
def test_modules_have_full_names(role: str) -> None:
    """Every module has its full name, and is one of Ansible's own."""
    for path in (*(ROLES / role / "tasks").glob("*.yml"), *(ROLES / role / "handlers").glob("*.yml")):
        assert not BARE.search(path.read_text()), path


def test_every_role_is_in_site_yml() -> None:
    """roles/site.yml lists every role that no distribution names, gathers no facts, and tags every play."""
    plays = yaml.safe_load((ROLES / "site.yml").read_text())
    sources = {find_distribution(name).package_source_role for name in distribution_names()}
    assert sorted({role for play in plays for role in play["roles"]} - {PACKAGE_SOURCE} | sources) == NAMES
    assert all(play["gather_facts"] is False and play["tags"] for play in plays)


def test_secrets_stay_out_of_logs() -> None:
    """Tasks that handle the join token or the administrator's kubeconfig are not logged."""
    files = ("join.yml", "token.yml", "log_in_again.yml")
    for role, file in (*(("worker", name) for name in files), ("control_plane", "admin.yml")):
        for task in _flat(_read(role, f"tasks/{file}")):
            if re.search(r"token create|\.(yaml|conf)\.j2|admin_read", json.dumps(task)):
                assert task.get("no_log") is True, task["name"]


def _flat(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks = [task for task in tasks if "block" in task]
    inner = [part for task in blocks for word in ("block", "always") for part in task.get(word, [])]
    return [task for task in tasks if "block" not in task] + inner


def test_syntax(tmp_path: Path) -> None:
    """Ansible accepts the plays."""
    hosts = tmp_path / "hosts.json"
    groups: dict[str, Any] = {name: {"hosts": {name: {}}} for name in ("bastion", "control_plane", "workers")}
    hosts.write_text(json.dumps({"all": {"children": groups}}))
    run([PROGRAMS / "ansible-playbook", "--syntax-check", "-i", hosts, ROLES / "site.yml"], env=_environment(tmp_path))


def test_ansible_lint(tmp_path: Path) -> None:
    """ansible-lint finds nothing in its strictest profile."""
    words = [str(PROGRAMS / "ansible-lint"), "--offline", "--strict", "--profile", "production", "roles"]
    run(words, cwd=paths.SOURCE, env=_environment(tmp_path))


def test_yamllint() -> None:
    """Yamllint finds nothing."""
    run([PROGRAMS / "yamllint", "--strict", "roles"], cwd=paths.SOURCE)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROLES / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "LC_ALL": "C.UTF-8",
    }
