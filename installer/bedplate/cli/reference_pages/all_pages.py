"""Every generated page of docs/reference: file name and text."""

from __future__ import annotations

import json

from bedplate.cli.reference_pages import commands, diff_rules, findings, host_files, models
from bedplate.config.component import Component
from bedplate.config.environment_file import Environment
from bedplate.config.hosts_file import HostsFile
from bedplate.config.release import Release

NOTE = "Generated from the model (`make docs`). "
ENVIRONMENT = """
The file `inventory/<environment>/environment.yaml`: the one typed configuration of a datacenter. `bedplate init` writes
one with comments, and `bedplate check` checks it. Editors check and complete it with
[environment.schema.json](environment.schema.json): put `# yaml-language-server: $schema=<path to it>` in the first
line. Machines and their addresses are in [hosts.yaml](hosts.md), next to it.
"""
HOSTS = """
The file `inventory/<environment>/hosts.yaml`: names, addresses, groups and connection, in the form of an Ansible YAML
inventory. Only these keys are read. A machine in two groups has its address in one of them.
"""
COMPONENT = """
The file `manifests/<component>/component.yaml`: everything that bundles, `apply` and the stacks know about a component.
To add a component, add a folder in `manifests/` and a version in `release.yaml`; nothing else changes. `{version}` in
any text is replaced by the version in release.yaml.
"""
RELEASE = """
The file `releases/<version>/release.yaml`: one version of the whole platform. `bedplate lock` generates `release.lock`
next to it, which names every artifact by digest.
"""


def pages() -> dict[str, str]:
    """Return the text of each generated file, by its name in docs/reference."""
    return {
        "cli.md": commands.page(),
        "environment.md": models.page(Environment, "environment.yaml", NOTE + ENVIRONMENT.strip()),
        "environment.schema.json": schema(),
        "host-files.md": host_files.page(),
        "hosts.md": models.page(HostsFile, "hosts.yaml", NOTE + HOSTS.strip()),
        "component.md": models.page(Component, "component.yaml", NOTE + COMPONENT.strip()),
        "release.md": models.page(Release, "release.yaml", NOTE + RELEASE.strip()),
        "preflight.md": findings.page(),
        "diff-rules.md": diff_rules.page(),
    }


def schema() -> str:
    """Return the JSON Schema of environment.yaml."""
    value = Environment.model_json_schema(by_alias=True)
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**dialect, **value}, indent=2, ensure_ascii=False) + "\n"
