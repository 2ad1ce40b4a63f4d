"""Hand-written reports, to test formats without reading and comparing files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bedplate.core.errors import SourceLocation
from bedplate.diff.effects.effect_finding import DiffFinding, DiffReport, Effects, ImageChange, QuotaChange, Risk
from bedplate.kube.change import Action, Change, Changes, ElementKey, HostChange, InsideDocument, ObjectChange
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource

NASTY = (
    "```\n~~~~\n</details></pre><script>alert(1)</script>\n| a | b |\n<!-- x -->\n`````\n\x1b[31mred\x07\u202e\u2028"
    "--> ]]> &lt; @everyone #1 ![x](http://x.example/y) '\"\\\\|\\| {{ 7*7 }} {% raw %}"
)
"""Text that could break out of Markdown, HTML, XML, templates and terminals."""


def resource(kind: str, name: str, namespace: str = "", *, component: str = "", spec: object = None) -> Resource:
    """Return a small object."""
    value = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
    digest = hashlib.sha256(repr(value).encode()).hexdigest()
    return Resource(ObjectId("apps", kind, namespace, name), digest, value, component, SourceLocation("new.yaml", 1))


def changed(name: str, changes: Iterable[Change], component: str = "web") -> ObjectChange:
    """Return a changed Deployment."""
    old, new = (resource("Deployment", name, "shop", component=component, spec=spec) for spec in (1, 2))
    return ObjectChange(Action.CHANGED, old, new, tuple(changes))


def small() -> DiffReport:
    """Return a report with one item of each kind."""
    image = Change(
        ("spec", "template", "spec", "containers", ElementKey((("name", "web"),)), "image"),
        Action.CHANGED,
        "registry.example/web:1.0",
        "registry.example/web:1.1",
    )
    text = Change(
        ("data", "app.conf", InsideDocument("json"), "motd"), Action.CHANGED, "one\ntwo\nthree\n", "one\n2\nthree\n"
    )
    added = resource("DaemonSet", "agent", "shop", component="agent", spec={"hostPID": True, "text": "a\nb\n"})
    removed = resource("StatefulSet", "store", "shop", component="web")
    moved = resource("ConfigMap", "settings-1a2b", "shop"), resource("ConfigMap", "settings-3c4d", "shop")
    objects = (
        changed("web", [image, text]),
        ObjectChange(Action.ADDED, None, added),
        ObjectChange(Action.REMOVED, removed, None),
        ObjectChange(Action.RENAMED, *moved, (Change(("data", "x"), Action.ADDED, None, 1),)),
    )
    findings = (
        DiffFinding("privilege-gained", Risk.SECURITY, added.identity, "sees every process of its node", ("spec",),
                "agent", "https://kubernetes.io/docs/concepts/security/pod-security-standards/"),
        DiffFinding("data-lost", Risk.DATA, removed.identity, "is deleted; its volumes stay without an owner"),
        DiffFinding("capacity", Risk.DISRUPTION, "tenant vision", "may ask for 12 nvidia.com/gpu; the nodes have 8"),
        DiffFinding("pods-restart", Risk.RESTART, objects[0].identity, "re-creates its pods"),
    )  # fmt: skip
    effects = Effects(
        findings,
        (ImageChange("registry.example/web", "1.0", "1.1", 12_000_000, 3_000_000),),
        (QuotaChange("tenant vision", "requests.nvidia.com/gpu", "4", "12"),),
        {f"worker{number}": ("containerd 2.1.4 → 2.2.0",) for number in range(1, 6)},
        {"worker9": ("kernel 6.1.0-40 → 6.1.0-41",)},
        (objects[0].identity,),
    )
    host = HostChange(
        Action.CHANGED, "worker1", None, None, (Change(("packages", "containerd"), Action.CHANGED, "1", "2"),)
    )
    return DiffReport("v1:bank", "bank", Changes(objects, (host,)), effects)


def large(count: int, text: str = NASTY) -> DiffReport:
    """Return a report of `count` objects, with the text in every name, path and value."""
    objects = tuple(
        changed(
            f"web-{number}-{text}",
            [
                Change(("data", f"{text}{at}"), Action.CHANGED, f"{text}\n" * at, f"{text}\nmore {number}\n{text}" * at)
                for at in range(1, 1 + number % 4)
            ],
            f"{text}{number % 7}",
        )
        for number in range(count)
    )
    risks = list(Risk)
    findings = tuple(
        DiffFinding(
            "rule", risks[at % 5], one.identity if at % 3 else f"tenant {text}{at}", f"{text} {at}", ("a", text)
        )
        for at, one in enumerate(objects)
    )
    images = tuple(ImageChange(f"{text}/{number}", text, f"{text}2", number, None) for number in range(count // 10))
    drains: dict[str, tuple[str, ...]] = {f"{text}{number}": (text, str(number)) for number in range(count // 10)}
    return DiffReport(text, text, Changes(objects), Effects(findings, images, drains=drains))
