"""Validation of an environment's files, for `bedplate check`: works offline, contacts no host.

Each module holds one family of rules. A rule is a function that yields the errors in a ValidationContext.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.artifacts.load_release import load_release
from bedplate.config import environments
from bedplate.config.yaml_document import KeyPath
from bedplate.core.errors import BedplateError
from bedplate.validate import address_ranges, duplicates, machines, references, served_environment, tenants
from bedplate.validate.context import ValidationContext, ValidationRule

RULES: tuple[ValidationRule, ...] = (
    *references.RULES,
    *machines.RULES,
    *address_ranges.RULES,
    *tenants.RULES,
    *duplicates.RULES,
    *served_environment.RULES,
)


def check(folder: Path) -> list[BedplateError]:
    """Return all errors of an environment, in the order of its files and lines; change nothing."""
    draft = environments.read(folder)
    errors = list(draft.errors)
    if draft.environment_file and draft.environment:
        hosts_name = draft.hosts_file.file if draft.hosts_file else ""
        context = ValidationContext(
            folder=folder,
            file=draft.environment_file,
            environment=draft.environment,
            hosts_file=draft.hosts_file,
            hosts=draft.hosts,
            hosts_complete=bool(hosts_name) and not any(e.location and e.location.file == hosts_name for e in errors),
            on_bastion=folder.resolve().is_relative_to(environments.ON_BASTION),
            platform_namespaces=_platform_namespaces(draft.environment.release),
        )
        rule_errors = [error for rule in RULES for error in rule(context)]
        errors += [error for error in rule_errors if not _follows(error, context, draft.wrong)]
    return sorted(errors, key=_order)


def _platform_namespaces(release: str) -> frozenset[str]:
    """Return the namespaces of a release's components; none if the release is wrong, which is an error of its own."""
    try:
        components = load_release(release).components.values()
    except BedplateError:
        return frozenset()
    return frozenset(component.namespace for component in components if component.namespace)


def _follows(error: BedplateError, context: ValidationContext, wrong: list[KeyPath]) -> bool:
    """Return whether an error only follows from a schema error at the same location, which is already reported."""
    own = {location for path in wrong for location in (context.file.location(path), context.file.location(path[:-1]))}
    return error.location in own


def _order(error: BedplateError) -> tuple[str, int, int]:
    location = error.location
    return (location.file, location.line, location.column) if location else ("", 0, 0)
