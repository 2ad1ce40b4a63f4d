"""Rules against the same fact in two places, where the two would differ sooner or later."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from bedplate.config import addresses
from bedplate.config.validation import dotted
from bedplate.config.yaml_document import KeyPath
from bedplate.core.errors import BedplateError
from bedplate.validate.context import ValidationContext, ValidationRule


def check_host_addresses(context: ValidationContext) -> Iterator[BedplateError]:
    """A host's address is in hosts.yaml and nowhere else."""
    names = {str(host.address): host.name for host in context.hosts}
    for key_path, text in _scalars(context.file.root, ()):
        address = text.rpartition("@")[2]
        if address in names and key_path[:2] != ("network", "outside"):
            fact = f"is {text}, the address of host {names[address]}, which is already in hosts.yaml"
            yield context.error(key_path, fact, _duplicate_hint(key_path, names[address]))


def check_derived_names(context: ValidationContext) -> Iterator[BedplateError]:
    """Names that follow from the domain are not written out."""
    domain = context.environment.domain
    for key_path, text in _scalars(context.file.root, ()):
        if text in addresses.site_names(domain):
            yield context.error(
                key_path, f"is {text}, which follows from domain ({domain})", f"delete {dotted(key_path)}"
            )


def _duplicate_hint(key_path: KeyPath, host: str) -> str:
    if key_path == ("bastion", "address"):
        return "delete bastion.address: the default is the address in hosts.yaml"
    if key_path[:2] == ("time", "servers"):
        return "delete it: the bastion is the time source by default"
    return f"write the host's name, {host}"


def _scalars(node: yaml.Node, key_path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield each scalar of a document with its key path; a scalar behind an alias once per use."""
    if isinstance(node, yaml.ScalarNode):
        yield key_path, node.value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*key_path, index))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*key_path, key.value))


RULES: tuple[ValidationRule, ...] = (check_host_addresses, check_derived_names)
