"""Print what the hub's hooks make of a user's options: the form, the spawner's settings, and what is refused."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from bedplate_hub import placement
from tornado import web

settings = Path(sys.argv[1])


def spawner(groups: list[str], options: dict[str, str] | None = None) -> SimpleNamespace:
    """Return a spawner as the hooks see it."""
    user = SimpleNamespace(groups=[SimpleNamespace(name=name) for name in groups])
    return SimpleNamespace(user=user, user_options=options)


def applied(groups: list[str], options: dict[str, str]) -> dict[str, object]:
    """Return what the options set, or why they are refused."""
    started = spawner(groups)
    try:
        placement.apply(settings)(started, options)
    except web.HTTPError as error:
        return {"status": error.status_code, "message": error.log_message}
    return {name: value for name, value in vars(started).items() if name not in {"user", "user_options"}}


large = {"namespace": "physics-dev", "size": "large", "volume": "2Gi"}
form = placement.form(settings)
json.dump(
    {
        "first": form(spawner(["physicists"])),
        "again": form(spawner(["physicists"], large)),
        "none": form(spawner(["strangers"])),
        "large": applied(["physicists"], large),
        "refused": applied(["strangers"], large),
    },
    sys.stdout,
)
