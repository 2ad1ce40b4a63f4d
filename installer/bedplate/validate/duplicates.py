"""Rules against facts that are written in two places: sooner or later the two differ."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from bedplate.config import addresses
from bedplate.config.validation import dotted
from bedplate.config.yaml_document import KeyPath
from bedplate.core.errors import BedplateError
from bedplate.validate.context import ValidationContext, ValidationRule


def host_addresses(case: ValidationContext) -> Iterator[BedplateError]:
    """A host's address stands in hosts.yaml and nowhere else."""
    names = {str(host.address): host.name for host in case.hosts}
    for key_path, text in _scalars(case.file.root, ()):
        address = text.rpartition("@")[2]
        if address in names and key_path[:2] != ("network", "outside"):
            fact = f"is {text}, the address of host {names[address]}, which stands in hosts.yaml"
            yield case.error(key_path, fact, _instead(key_path, names[address]))


def names_that_follow_from_the_domain(case: ValidationContext) -> Iterator[BedplateError]:
    """Names that follow from the domain are not written again."""
    domain = case.environment.domain
    for key_path, text in _scalars(case.file.root, ()):
        if text in addresses.site_names(domain):
            yield case.error(key_path, f"is {text}, which follows from domain ({domain})", f"delete {dotted(key_path)}")


def _instead(key_path: KeyPath, host: str) -> str:
    if key_path == ("bastion", "address"):
        return "delete bastion.address: empty means hosts.yaml's"
    if key_path[:2] == ("time", "servers"):
        return "delete it: without servers the bastion is the time source"
    return f"write the name {host}"


def _scalars(node: yaml.Node, key_path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Return each value of a document with its location; a value behind an alias counts once per place."""
    if isinstance(node, yaml.ScalarNode):
        yield key_path, node.value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*key_path, index))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*key_path, key.value))


RULES: tuple[ValidationRule, ...] = (host_addresses, names_that_follow_from_the_domain)
