"""Rule for a bastion, which serves one environment: mirror, certificates and hosts files have one owner."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.config.environment_state import ledgers
from bedplate.core.errors import BedplateError
from bedplate.hosts.preflight import ownership
from bedplate.validate.context import ValidationContext, ValidationRule


def check_served_environment(context: ValidationContext) -> Iterator[BedplateError]:
    """The bastion serves no other environment."""
    served = ownership.served_environment() if context.on_bastion else ""
    if served and served != context.environment.name:
        fact = f"is {context.environment.name}, but this bastion serves environment {served}, and can serve only one"
        state = ledgers()[served].parent
        step = f"use another bastion; if {served} is gone for good, move {state} to a backup"
        yield context.error(("name",), fact, step)


RULES: tuple[ValidationRule, ...] = (check_served_environment,)
