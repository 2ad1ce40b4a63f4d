"""Applying the stacks of a layer: only those that differ, several at once, each after those that it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter

from bedplate.cluster import component_waits, daemon_wait, pulumi_stack, removal, stack_state
from bedplate.cluster.layer_parts import DEFINITIONS, RESOURCES, TENANTS, LayerPart
from bedplate.cluster.pulumi_resources import Secrets
from bedplate.cluster.pulumi_stack import Say, StackContent
from bedplate.cluster.stack_name import StackName
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.object_id import ObjectId

MOST_AT_ONCE = 3
"""Bound on the stacks that run at once; each has processes of Pulumi."""


@dataclass(frozen=True, slots=True)
class LayerRun:
    """What the stacks of a layer have in common.

    Attributes:
        site: the environment.
        catalog: the release.
        secrets: the Secrets that workloads of any layer read.
        wanted: the objects of all layers.
        say: reports each change as it is made.
    """

    site: Site
    catalog: Catalog
    secrets: Secrets
    wanted: Collection[ObjectId]
    say: Say

    def apply(self, part: LayerPart) -> int:
        """Apply one stack; return the number of changes."""
        return self._up(part.name, part)

    def wait(self, part: LayerPart) -> None:
        """Wait for what comes after a stack needs."""
        component = self.catalog.components.get(part.component)
        waits = component_waits.waits_after(component, part.objects, is_last=part.is_last)
        component_waits.wait_for(self.site, waits, self.say)

    def wait_for_daemons(self, part: LayerPart) -> None:
        """Wait for the DaemonSets of a stack that was applied."""
        daemons = [one for one in sorted(part.identities) if one.kind == "DaemonSet"]
        daemon_wait.wait_for_daemons(self.site, daemons, self.say)

    def remove(self, name: StackName) -> int:
        """Delete what only a stack of an older release has, and then its state; return the number of changes."""
        changed = self._up(name, None)
        pulumi_stack.remove(self.site, name)
        return changed

    def _up(self, name: StackName, part: LayerPart | None) -> int:
        """Apply a stack. What other stacks have now is forgotten; bindings that leave are deleted first."""
        if text := stack_state.ensure_readable(self.site, name):
            self.say(text)
        own = part.identities if part else set()
        present = stack_state.identities(stack_state.read_state(stack_state.state_file(self.site, name)))
        stack_state.forget(self.site, name, (set(present) & set(self.wanted)) - own)
        leaving = set(present) - set(self.wanted)
        if not part and not leaving:
            return 0
        removal.withdraw_rights(self.site, leaving)
        content = StackContent(name, part.objects if part else (), self.secrets, self.catalog)
        return pulumi_stack.up(self.site, content, self.say).changed


def apply_parts(run: LayerRun, parts: Iterable[LayerPart], differing: Collection[StackName]) -> int:
    """Apply the stacks of a layer.

    Args:
        run: the environment and its release.
        parts: all stacks of the layer.
        differing: the stacks that have to be applied; of the others, only their waits have to hold.

    Returns:
        The number of changes.

    Raises:
        BedplateError: stacks could not be applied; those that do not need them were.
    """
    by_name = {part.name: part for part in parts}

    def work(name: StackName) -> int:
        part, changed = by_name[name], 0
        if name in differing:
            changed = run.apply(part)
            run.wait_for_daemons(part)
        run.wait(part)
        return changed

    return _run_ordered({name: part.after for name, part in by_name.items()}, work)


def _run_ordered(after: Mapping[StackName, Collection[StackName]], work: Callable[[StackName], int]) -> int:
    sorter = TopologicalSorter(after)
    sorter.prepare()
    running: dict[Future[int], StackName] = {}
    changed, errors = 0, list[BedplateError]()
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        while True:
            running |= {pool.submit(work, name): name for name in sorted(sorter.get_ready())}
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                try:
                    changed += future.result()
                    sorter.done(name)
                except BedplateError as error:
                    errors.append(error)
    if errors:
        raise _joined(errors)
    return changed


def _joined(errors: list[BedplateError]) -> BedplateError:
    first, *others = errors
    if not others:
        return first
    fact = "\n".join([first.fact, *(f"{error.subject} {error.fact}" for error in others)])
    return BedplateError(first.subject, fact, first.hint)


def leftovers(site: Site, layer: str, parts: Iterable[LayerPart]) -> list[StackName]:
    """Return the stacks of a layer that the release no longer has, in an order in which they can be removed."""
    wanted = {part.name for part in parts}
    found = [name for name in stack_state.stacks(site) if name.layer == layer and name not in wanted]
    return sorted(found, key=lambda name: (_removal_stage(name), name))


def _removal_stage(name: StackName) -> int:
    """Return a number by which custom resources go before the pods that clean up after them."""
    if name.part.endswith(f"-{RESOURCES}"):
        return 0
    if f"-{TENANTS}-" in name.part:
        return 1
    return 3 if name.part.endswith(f"-{DEFINITIONS}") else 2
