"""Puts a user's server where they chose: hooks for JupyterHub's spawner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from tornado import web

from bedplate_hub import choices, idle

TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)


def form(settings: Path) -> Callable[[Any], str]:
    """Return the hook that makes the page's form: only what this user's groups permit."""

    def options_form(spawner: Any) -> str:
        offered = choices.load(settings)
        return TEMPLATES.get_template("form.html").render(
            permitted=offered.permitted(_groups(spawner)),
            sizes=offered.sizes,
            volumes=offered.volumes,
            last=spawner.user_options or {},
        )

    return options_form


def apply(settings: Path) -> Callable[[Any, dict[str, Any]], None]:
    """Return the hook that checks options, from the form or the REST API, and sets the spawner accordingly."""

    def apply_user_options(spawner: Any, options: dict[str, Any]) -> None:
        try:
            choice = choices.load(settings).resolve(options, _groups(spawner))
        except choices.RefusedError as refused:
            raise web.HTTPError(refused.status, refused.message) from refused
        spawner.namespace = choice.namespace
        spawner.cpu_guarantee = spawner.cpu_limit = choice.cpu
        spawner.mem_guarantee = spawner.mem_limit = choice.memory
        spawner.storage_capacity = choice.volume
        spawner.args = idle.arguments(choice.idle)
        spawner.extra_labels = {"bedplate.dev/tenant": choice.tenant, "bedplate.dev/size": choice.size}

    return apply_user_options


def _groups(spawner: Any) -> list[str]:
    return [group.name for group in spawner.user.groups]
