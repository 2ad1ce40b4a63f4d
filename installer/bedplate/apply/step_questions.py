"""What one step owns on a host, from the roles that the step runs there."""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.distributions.distribution import Distribution
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions, all_questions
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree


def questions_of_step(tag: str, specs: Iterable[HostSpec], distribution: Distribution) -> dict[str, HostQuestions]:
    """Return the items of hosts' states that the plays with a tag are responsible for, by host.

    Args:
        tag: the plays' tag in roles/site.yml.
        specs: the hosts.
        distribution: the hosts' distribution.
    """
    tree, source = RoleTree(paths.SOURCE / "roles"), distribution.package_source_role
    questions = {}
    for spec in specs:
        names = tree.roles_of_groups(spec.groups, source, tag)
        parts = [questions_of_role(tree.role(name, spec.vars)) for name in names]
        if source in names:
            parts.append(HostQuestions(packages=tuple(spec.packages), package_command=distribution.query_packages))
        questions[spec.host] = all_questions(parts)
    return questions


def digests_of_files(spec: HostSpec) -> dict[str, str]:
    """Return the digests that the files of a host must have which the roles write as a whole, by path."""
    return {file.path: state_probe.digest(file.content.encode()) for file in spec.files if file.part == "all"}


def questions_of_role(role: Role) -> HostQuestions:
    """Return the items of a host's state that one role is responsible for."""
    written = list(role.paths())
    return HostQuestions(
        files=_unique([*(path for path, is_block in written if not is_block), *role.watched("paths")]),
        blocks=_unique(path for path, is_block in written if is_block),
        names=_unique(role.watched("listed")),
        lines=_unique(role.watched("lines")),
        units=_unique(role.services),
        settings=role.settings,
        tables=_unique(role.watched("tables")),
        routes=_unique(role.watched("routes")),
        checks=_unique(role.watched("checks")),
    )


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
