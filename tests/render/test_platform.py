"""Rules that every object of the release follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import quantity
from bedplate.kube import object_id
from bedplate.render.rendered import RenderedObject

PRIVILEGED = {"kube-router": "routes and packet filters of the node", "node-exporter": "the host's own files"}
"""Components whose pods may do what the restricted Pod Security standard forbids, and why."""
STANDARD_LABELS = {
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "bedplate.dev/component",
}


def pods(rendered: list[RenderedObject]) -> Iterator[tuple[RenderedObject, dict[str, Any]]]:
    """Yield every workload with the spec of its pods."""
    for one in rendered:
        if template := object_id.pod_template(one.object):
            yield one, template["spec"]


def containers(rendered: list[RenderedObject]) -> Iterator[tuple[str, RenderedObject, dict[str, Any]]]:
    """Yield every container, including init containers, with a name for messages."""
    for one, spec in pods(rendered):
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield f"{one.identity} {container['name']}", one, container


def test_every_layer_has_objects(rendered: list[RenderedObject]) -> None:
    """Otherwise the tests below would check nothing."""
    assert {one.layer for one in rendered} == {"foundation", "monitoring", "notebooks"}
    assert len(list(pods(rendered))) >= 10


@pytest.mark.parametrize(("part", "wanted"), [("requests", {"cpu", "memory"}), ("limits", {"memory"})])
def test_every_container_has_requests_and_limits(rendered: list[RenderedObject], part: str, wanted: set[str]) -> None:
    """A container without a memory limit could use up a node's memory; CPU is shared by requests."""
    lacking = [
        name for name, _, container in containers(rendered) if not wanted <= set(container["resources"].get(part, {}))
    ]
    assert lacking == []


def test_requests_fit_a_small_lab(rendered: list[RenderedObject]) -> None:
    """The platform requests less than one core, so that a lab with two cores has room for notebooks."""
    millicores = [_millicores(c["resources"]["requests"]["cpu"]) for _, _, c in containers(rendered)]
    assert sum(millicores) < 1000


def _millicores(quantity: str | float) -> int:
    text = str(quantity)
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def test_long_running_containers_are_probed(rendered: list[RenderedObject]) -> None:
    """Workloads that listen on a port have a readiness probe."""
    unprobed = [
        f"{one.identity} {container['name']}"
        for one, spec in pods(rendered)
        for container in spec["containers"]
        if container.get("ports") and "readinessProbe" not in container
    ]
    assert unprobed == []


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("allowPrivilegeEscalation", False),
        ("readOnlyRootFilesystem", True),
        ("capabilities", {"drop": ["ALL"]}),
    ],
)
def test_containers_are_confined(rendered: list[RenderedObject], field: str, wanted: object) -> None:
    """Only the components listed above have privileges."""
    open_ones = [
        name
        for name, one, container in containers(rendered)
        if container.get("securityContext", {}).get(field) != wanted and one.component not in PRIVILEGED
    ]
    assert open_ones == []


def test_pods_do_not_run_as_root(rendered: list[RenderedObject]) -> None:
    """Pods run as a user other than root, with the runtime's seccomp filter."""
    for one, spec in pods(rendered):
        if one.component in PRIVILEGED:
            continue
        context = spec.get("securityContext", {})
        assert context.get("runAsNonRoot") is True, one.identity
        assert context.get("seccompProfile") == {"type": "RuntimeDefault"}, one.identity


def test_every_namespace_has_a_pod_security_standard_and_an_owner(rendered: list[RenderedObject]) -> None:
    """Namespaces enforce a Pod Security standard, and each has an owner."""
    for one in rendered:
        if one.object["kind"] == "Namespace":
            metadata = one.object["metadata"]
            assert metadata["labels"].get("pod-security.kubernetes.io/enforce"), one.identity
            assert metadata["annotations"].get("bedplate.dev/owner"), one.identity


def test_every_namespace_denies_by_default(rendered: list[RenderedObject]) -> None:
    """Each namespace with pods on the pod network has a policy that denies all other traffic."""
    ours = {one.identity.name for one in rendered if one.object["kind"] == "Namespace"}
    host_only = {
        one.identity.namespace for one, spec in pods(rendered) if spec.get("hostNetwork") and one.identity.namespace
    }
    denied = {
        one.identity.namespace
        for one in rendered
        if one.object["kind"] == "NetworkPolicy"
        and one.object["spec"].get("podSelector") == {}
        and set(one.object["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    }
    assert ours - host_only <= denied


def test_nothing_is_in_the_default_namespace(rendered: list[RenderedObject]) -> None:
    """The default namespace stays empty."""
    assert [one.identity for one in rendered if one.identity.namespace == "default"] == []


def test_every_image_is_built_by_the_release_and_has_its_digest(
    rendered: list[RenderedObject], digests: dict[str, str]
) -> None:
    """Every image has a tag and a digest, and the release builds it."""
    for name, _, container in containers(rendered):
        image, at, digest = container["image"].partition("@sha256:")
        assert at, f"{name}: {image} has no digest"
        assert digests.get(image) == digest, name


def test_standard_labels_are_on_everything(rendered: list[RenderedObject], catalog: Catalog) -> None:
    """Every object has its component and version as labels, and every pod its component."""
    for one in rendered:
        labels = one.object["metadata"]["labels"]
        assert set(labels) >= STANDARD_LABELS, one.identity
        assert labels["app.kubernetes.io/version"] == catalog.components[one.component].version
        if template := object_id.pod_template(one.object):
            assert template["metadata"]["labels"]["bedplate.dev/component"] == one.component


def test_selectors_match_their_pods(rendered: list[RenderedObject]) -> None:
    """Every workload's selector matches the labels of its pods; otherwise the API server refuses it."""
    for one in rendered:
        if one.object["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}:
            wanted = one.object["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= one.object["spec"]["template"]["metadata"]["labels"].items(), one.identity


def test_every_service_finds_pods(rendered: list[RenderedObject]) -> None:
    """A Service selects the pods of a workload in its namespace, and they have its target ports."""
    for one in rendered:
        selector = one.object["kind"] == "Service" and one.object["spec"].get("selector")
        if not selector:
            continue
        found = [
            template["spec"]
            for other in rendered
            if other.identity.namespace == one.identity.namespace
            and (template := object_id.pod_template(other.object))
            and selector.items() <= template["metadata"]["labels"].items()
        ]
        assert found, one.identity
        ports = {port["name"] for spec in found for c in spec["containers"] for port in c.get("ports", [])}
        for port in one.object["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            assert isinstance(target, int) or target in ports, f"{one.identity} {target}"


def test_secret_values_never_appear(rendered: list[RenderedObject]) -> None:
    """Secrets have markers instead of values, and no object contains a private key."""
    for one in rendered:
        assert b"PRIVATE KEY" not in one.line(), one.identity
        if one.object["kind"] == "Secret":
            assert "data" not in one.object, one.identity
            for key, value in one.object["stringData"].items():
                assert set(value) == {"secretRef"}, f"{one.identity} {key}"


def test_scrape_targets_name_ports_of_services(rendered: list[RenderedObject], catalog: Catalog) -> None:
    """Every scrape target of a component is a named port of a rendered Service."""
    services = {
        (one.identity.namespace, one.identity.name): {port["name"] for port in one.object["spec"]["ports"]}
        for one in rendered
        if one.object["kind"] == "Service"
    }
    for component in catalog.components.values():
        for target in component.scrape:
            assert target.port in services[component.namespace, target.service], f"{component.name} {target.job}"


def test_templates_have_no_if(catalog: Catalog) -> None:
    """What differs between environments is data or an overlay (contract 4, docs/explanation/design.md)."""
    deciding = [
        str(path)
        for folder in catalog.folders.values()
        for path in folder.rglob("*.yaml.j2")
        if re.search(r"{%-?\s*(if|elif)\b", path.read_text())
    ]
    assert deciding == []


def test_metrics_leave_room_on_their_volume(rendered: list[RenderedObject], site: Site) -> None:
    """Prometheus deletes its oldest samples before they fill the volume, which would break its log for good."""
    [prometheus] = [
        one.object
        for one in rendered
        if one.object["metadata"]["name"] == "prometheus" and one.object["kind"] == "StatefulSet"
    ]
    arguments = prometheus["spec"]["template"]["spec"]["containers"][0]["args"]
    [limit] = [text.split("=")[1] for text in arguments if text.startswith("--storage.tsdb.retention.size=")]
    assert limit.endswith("B")
    assert 0.5 < int(limit[:-1]) / quantity.parse(site.environment.monitoring.storage) < 0.9


def test_alerts_about_a_tenant_have_its_namespace(rendered: list[RenderedObject]) -> None:
    """The labels of kube-state-metrics win, by which Alertmanager finds the tenant that an alert is for."""
    [config] = [
        one.object
        for one in rendered
        if (one.object["kind"], one.object["metadata"]["name"]) == ("ConfigMap", "prometheus")
    ]
    jobs = {job["job_name"]: job for job in yaml.safe_load(config["data"]["prometheus.yaml"])["scrape_configs"]}
    assert {name for name, job in jobs.items() if job.get("honor_labels")} == {"kube-state-metrics"}
