"""`bedplate check`: everything that can be said about an environment without touching a host.

Each module is one family of rules; a rule is a function from a Case to its errors.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.config import environments
from bedplate.config.yaml_document import KeyPath
from bedplate.core.errors import BedplateError
from bedplate.validate import address_ranges, duplicates, machines, references, tenants
from bedplate.validate.context import ValidationContext, ValidationRule

RULES: tuple[ValidationRule, ...] = (
    *references.RULES,
    *machines.RULES,
    *address_ranges.RULES,
    *tenants.RULES,
    *duplicates.RULES,
)


def check(folder: Path) -> list[BedplateError]:
    """Return every error of an environment in one pass, in the files' order; nothing is changed."""
    draft = environments.read(folder)
    errors = list(draft.errors)
    if draft.environment_file and draft.environment:
        hosts_name = draft.hosts_file.file if draft.hosts_file else ""
        case = ValidationContext(
            folder=folder,
            file=draft.environment_file,
            environment=draft.environment,
            hosts_file=draft.hosts_file,
            hosts=draft.hosts,
            hosts_complete=bool(hosts_name) and not any(e.location and e.location.file == hosts_name for e in errors),
            on_bastion=folder.resolve().is_relative_to(environments.ON_BASTION),
        )
        found = [error for rule in RULES for error in rule(case)]
        errors += [error for error in found if not _follows(error, case, draft.wrong)]
    return sorted(errors, key=_order)


def _follows(error: BedplateError, case: ValidationContext, wrong: list[KeyPath]) -> bool:
    """Return whether an error only follows from a form error at the same location, which is already reported."""
    own = {location for path in wrong for location in (case.file.location(path), case.file.location(path[:-1]))}
    return error.location in own


def _order(error: BedplateError) -> tuple[str, int, int]:
    location = error.location
    return (location.file, location.line, location.column) if location else ("", 0, 0)
