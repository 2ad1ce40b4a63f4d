"""Waits: what must hold in the cluster before what comes after a component is applied."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bedplate.cluster import kubectl
from bedplate.config.component import Component, Wait
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.conditions import condition_status
from bedplate.render.rendered import RenderedObject

POLL_SECONDS = 1.0
EARLY = ("established", "endpoints")
"""Kinds of waits that hold before a component's own custom resources are applied."""

WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")

Json = dict[str, Any]


def waits_after(component: Component | None, objects: Iterable[RenderedObject], *, is_last: bool) -> list[Wait]:
    """Return what must hold after one of a component's stacks.

    Args:
        component: the component; None for a stack that belongs to none.
        objects: the stack's objects.
        is_last: whether it is the component's last stack.
    """
    own = component.waits if component else []
    found = [*implied(objects), *(wait for wait in own if is_last or wait.kind in EARLY)]
    namespace = component.namespace if component else ""
    return [wait.model_copy(update={"namespace": wait.namespace or namespace}) for wait in found]


def implied(objects: Iterable[RenderedObject]) -> Iterator[Wait]:
    """Yield the waits for definitions to be established, and for the pods that webhooks call.

    A webhook whose pods do not answer yet would refuse the objects that come next.
    """
    for rendered in objects:
        if rendered.object["kind"] == "CustomResourceDefinition":
            yield Wait(kind="established", name=rendered.identity.name)
        for webhook in rendered.object.get("webhooks") or [] if rendered.object["kind"] in WEBHOOKS else []:
            if service := webhook["clientConfig"].get("service"):
                yield Wait(kind="endpoints", name=service["name"], namespace=service["namespace"])


def wait_for(site: Site, waits: Sequence[Wait], say: Callable[[str], None]) -> None:
    """Wait until all of them hold.

    Raises:
        BedplateError: one did not hold in time, or never will.
    """
    for wait in waits:
        end = time.monotonic() + wait.seconds
        while not holds(site, wait):
            if time.monotonic() > end:
                fact = f"does not hold after {wait.seconds} s"
                raise BedplateError(f"wait for {wait}", fact, "find the cause in the cluster and apply again")
            say(f"wait for {wait}")
            time.sleep(POLL_SECONDS)


def holds(site: Site, wait: Wait) -> bool:
    """Return whether a wait holds now.

    Raises:
        BedplateError: it never will, because a Job failed; or the cluster does not answer.
    """
    match wait.kind:
        case "established":
            return condition_status(_get(site, "customresourcedefinition", wait), "Established") == "True"
        case "endpoints":
            return _has_endpoints(site, wait)
        case "job":
            return _is_complete(_get(site, "job", wait), wait)
        case "condition":
            found = _get(site, wait.object, wait)
            now = condition_status(found, wait.condition) if not wait.path else _at(found, wait.path)
            return str(now) == wait.value


def _get(site: Site, kind: str, wait: Wait) -> Json:
    where = ("--namespace", wait.namespace) if wait.namespace else ()
    text = kubectl.run(site, "get", kind, wait.name, *where, "--ignore-not-found", "-o", "json", has_secrets=True)
    found: Json = json.loads(text) if text.strip() else {}
    return found


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_complete(job: Json, wait: Wait) -> bool:
    if condition_status(job, "Failed") == "True":
        raise BedplateError(
            f"wait for {wait}", "the Job failed", f"read: kubectl logs -n {wait.namespace} job/{wait.name}"
        )
    return condition_status(job, "Complete") == "True"


def _has_endpoints(site: Site, wait: Wait) -> bool:
    """Return whether a Service has a pod that is ready."""
    selected = ("--namespace", wait.namespace, "--selector", f"kubernetes.io/service-name={wait.name}")
    slices = kubectl.get(site, "endpointslices", *selected)["items"]
    endpoints = (one for item in slices for one in item.get("endpoints") or [])
    return any((one.get("conditions") or {}).get("ready", True) and one.get("addresses") for one in endpoints)
