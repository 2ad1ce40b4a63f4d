"""Waits between components: which follow a stack, when they hold, and when they end the apply."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster import component_waits, kubectl
from bedplate.config.component import Component, Wait
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site

Json = dict[str, Any]
OWN = [
    Wait(kind="established", name="own"),
    Wait(kind="endpoints", name="web", namespace="other"),
    Wait(kind="job", name="migrate"),
    Wait(kind="condition", object="carts", name="first"),
]
COMPONENT = Component(name="shop", summary="A shop", layer="one", namespace="shop", waits=OWN)


def _object(kind: str, **more: Any) -> RenderedObject:
    return RenderedObject("shop", "one", {"apiVersion": "v1", "kind": kind, "metadata": {"name": "it"}, **more})


def _service(name: str) -> Json:
    return {"clientConfig": {"service": {"name": name, "namespace": "hooks"}}}


OBJECTS = [
    _object("ConfigMap", webhooks=[_service("none")]),
    _object("CustomResourceDefinition"),
    _object("MutatingWebhookConfiguration", webhooks=[_service("first"), {"clientConfig": {"url": "https://a"}}]),
    _object("ValidatingWebhookConfiguration", webhooks=[_service("second")]),
    _object("ValidatingWebhookConfiguration", webhooks=None),
]
EARLY = ["established of shop/own", "endpoints of other/web"]
IMPLIED = ["established of {}it", "endpoints of hooks/first", "endpoints of hooks/second"]


@pytest.mark.parametrize(
    ("component", "is_last", "namespace", "own"),
    [
        (None, True, "", []),
        (COMPONENT, False, "shop/", EARLY),
        (
            COMPONENT,
            True,
            "shop/",
            [
                "established of shop/own",
                "endpoints of other/web",
                "job of shop/migrate",
                "condition of shop/carts/first",
            ],
        ),
    ],
)
def test_waits_follow_a_stack(component: Component | None, namespace: str, own: list[str], *, is_last: bool) -> None:
    """Kinds and webhooks of any stack are waited for, and the component's own waits: the late ones after its last."""
    found = component_waits.waits_after(component, OBJECTS, is_last=is_last)
    assert [str(one) for one in found] == [*(one.format(namespace) for one in IMPLIED), *own]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return an environment."""
    return make_site(tmp_path)


def _slices(*endpoints: Json | None) -> Json:
    return {"items": [{"endpoints": None}, {"endpoints": [one for one in endpoints if one is not None]}]}


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ([], False),
        ([{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}], True),
        ([{"addresses": ["10.0.0.1"], "conditions": {"ready": False}}], False),
        ([{"addresses": ["10.0.0.1"], "conditions": {}}], True),
        ([{"addresses": ["10.0.0.1"]}], True),
        ([{"addresses": [], "conditions": {"ready": True}}], False),
        ([{"conditions": {"ready": False}}, {"addresses": ["10.0.0.2"], "conditions": None}], True),
    ],
)
def test_a_service_needs_one_ready_address(
    endpoints: list[Json], site: Site, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """An endpoint that does not say otherwise is ready, as Kubernetes reads it."""
    asked: list[tuple[str, ...]] = []

    def get(_: Site, *words: str) -> Json:
        asked.append(words)
        return _slices(*endpoints)

    monkeypatch.setattr(kubectl, "get", get)
    assert component_waits.holds(site, Wait(kind="endpoints", name="web", namespace="shop")) is expected
    assert asked == [("endpointslices", "--namespace", "shop", "--selector", "kubernetes.io/service-name=web")]


def _live(kind: str = "", status: str = "True", **more: Any) -> bytes:
    return json.dumps({"status": {"conditions": [{"type": kind, "status": status}] if kind else []}, **more}).encode()


STATE = {"kind": "condition", "object": "carts", "name": "it", "namespace": "shop"}
JOB = {"kind": "job", "name": "it", "namespace": "shop"}
DEFINITION = {"kind": "established", "name": "it"}
READ: dict[str, tuple[str, ...]] = {
    "established": ("customresourcedefinition", "it"),
    "job": ("job", "it", "--namespace", "shop"),
    "condition": ("carts", "it", "--namespace", "shop"),
}


@pytest.mark.parametrize(
    ("wait", "live", "expected"),
    [
        (DEFINITION, _live("Established"), True),
        (DEFINITION, _live("Established", "False"), False),
        (DEFINITION, b" \n", False),
        (JOB, _live("Complete"), True),
        (JOB, _live(), False),
        (STATE, _live("Ready"), True),
        (STATE, _live("Ready", "Unknown"), False),
        ({**STATE, "condition": "Bound", "value": "False"}, _live("Bound", "False"), True),
        ({**STATE, "path": "spec.state", "value": "ready"}, _live(spec={"state": "ready"}), True),
        ({**STATE, "path": "spec.state", "value": "ready"}, _live(spec={"state": "other"}), False),
        ({**STATE, "path": "spec.state.more", "value": "ready"}, _live(spec={"state": "ready"}), False),
        ({**STATE, "path": "spec.state", "value": "ready"}, b"", False),
    ],
)
def test_a_wait_holds_when_its_object_says_so(
    wait: Json, live: bytes, site: Site, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """What does not exist yet does not hold; the object may be a Secret, so no log has it."""
    asked: list[tuple[str, ...]] = []

    def run(_: Site, *said: str, has_secrets: bool) -> bytes:
        assert has_secrets
        asked.append(said)
        return live

    monkeypatch.setattr(kubectl, "run", run)
    assert component_waits.holds(site, Wait(**wait)) is expected
    assert asked == [("get", *READ[wait["kind"]], "--ignore-not-found", "-o", "json")]


def test_a_job_that_failed_ends_the_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It will not complete any more; the hint shows its log."""
    monkeypatch.setattr(kubectl, "run", lambda *_, **__: _live("Failed"))
    with pytest.raises(BedplateError, match="wait for job of shop/migrate the Job failed") as caught:
        component_waits.holds(site, Wait(kind="job", name="migrate", namespace="shop"))
    assert caught.value.hint == "read: kubectl logs -n shop job/migrate"


class Clock:
    """A clock that only sleeping moves, and waits that hold after some seconds."""

    def __init__(self, patch: pytest.MonkeyPatch, seconds: float) -> None:
        """Answer instead of the cluster and the clock."""
        self.now, self.said = 50.0, list[str]()
        patch.setattr(time, "monotonic", lambda: self.now)
        patch.setattr(time, "sleep", self._sleep)
        patch.setattr(component_waits, "holds", lambda *_: self.now >= 50 + seconds)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, site: Site, seconds: int) -> None:
        """Wait for two things."""
        waits = [Wait(kind="established", name=name, seconds=seconds) for name in ("one", "two")]
        component_waits.wait_for(site, waits, self.said.append)


def test_a_wait_says_what_it_waits_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a second, until it holds; one that holds at the last moment is in time."""
    clock = Clock(monkeypatch, 5)
    clock.wait(site, 5)
    assert (clock.said, clock.now) == (["wait for established of one"] * 5, 55.0)


def test_a_wait_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names it and the seconds."""
    clock = Clock(monkeypatch, 100)
    with pytest.raises(BedplateError, match="wait for established of one does not hold after 5 s"):
        clock.wait(site, 5)
    assert clock.now == 56.0
