"""A lab's environment: a copy of inventory/lab with the lab's name, addresses, release and keys."""

from __future__ import annotations

import re
from pathlib import Path

from bedplate.config import environments
from bedplate.config.environments import LAB_TEMPLATE, Site
from bedplate.core import paths
from bedplate.core.files import write_atomic
from bedplate.lab import ssh_keys
from bedplate.lab.lab_address import Lab

TEMPLATE_PREFIX = "198.18.0."


def template_folder() -> Path:
    """Return the folder that every lab's environment is copied from."""
    return next(
        (tree / LAB_TEMPLATE for tree in paths.search_path() if (tree / LAB_TEMPLATE).is_dir()),
        paths.SOURCE / LAB_TEMPLATE,
    )


def ensure_environment(lab: Lab, publisher: str, release: str) -> Site:
    """Write the lab's environment, and return it.

    Args:
        lab: name and number.
        publisher: the public key of its bundle's signature.
        release: the release in that bundle; it ends in +relock if packages had to be resolved again.
    """
    prefix = str(lab.network[0]).removesuffix("0")
    for file in (environments.ENVIRONMENT, environments.HOSTS):
        text = (template_folder() / file).read_text(encoding="utf-8").replace(TEMPLATE_PREFIX, prefix)
        if file == environments.ENVIRONMENT:
            text = _personalize(text, lab, publisher, release)
        write_atomic(lab.environment / file, text)
    site = environments.load(lab.environment)
    ssh_keys.ensure_known_hosts(lab, site.hosts)
    return site


def _personalize(text: str, lab: Lab, publisher: str, release: str) -> str:
    """Return environment.yaml with the lab's name, release and keys; comments and everything else stay."""
    facts = {"name": lab.name, "release": release, "publisher": " ".join(publisher.split()[:2])}
    for key, value in facts.items():
        text = re.sub(rf"^{key}: .*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
    identity = f"  identity: {ssh_keys.user_key(lab, ssh_keys.DEVELOPER)}\n"
    return re.sub(r"^bastion:\n", f"bastion:\n{identity}", text, count=1, flags=re.MULTILINE)
