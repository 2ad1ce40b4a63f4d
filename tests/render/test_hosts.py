import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.config.hosts import Host
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.render.host_inputs import HostInputs, HostParts
from bedplate.render.host_specs import host_specs
from bedplate.render.role_tree import RoleTree
from factories.host_release import release_file
from factories.render_site import make_site

ROLES = paths.SOURCE / "roles"
FORMER_INPUTS = paths.SOURCE / "tests/data/host_inputs/former.yaml.j2"
"""The roles' inputs at 5719f09."""


@pytest.fixture(scope="module")
def specs(site: Site, catalog: Catalog) -> dict[str, HostSpec]:
    """Return the HostSpecs of the test's site, by host."""
    return _specs(site, catalog)


def _specs(site: Site, catalog: Catalog, **fields: Any) -> dict[str, HostSpec]:
    found = host_specs(site, catalog.release, catalog.components, release_file(catalog, **fields))
    return {spec.host: spec for spec in found}


def _content(spec: HostSpec, path: str) -> str:
    return next(file.content for file in spec.files if file.path == path)


def test_specs_are_a_function_of_their_inputs(site: Site, catalog: Catalog, specs: dict[str, HostSpec]) -> None:
    """The same environment and release give equal specs, and their digests differ between hosts."""
    assert _specs(site, catalog) == specs
    assert len({spec.digest for spec in specs.values()}) == len(specs)


def test_an_earlier_tree_is_rendered(site: Site, catalog: Catalog, specs: dict[str, HostSpec], tmp_path: Path) -> None:
    """The inputs of a revision from before the site's names had one source are filled, for a diff."""
    shutil.copy(FORMER_INPUTS, tmp_path / "inputs.yaml.j2")
    inputs = HostInputs(tmp_path, site, catalog.release, release_file(catalog))
    for host in site.hosts:
        now = specs[host.name].vars
        former = yaml.safe_load(inputs.text(host, HostParts(specs[host.name].packages, now["programs_list"], [])))
        assert [line["address"] for line in former.pop("base_names")] == [str(one.address) for one in site.hosts]
        kept = former.keys() & now.keys()
        assert {name: former[name] for name in kept} == {name: now[name] for name in kept}


def test_hosts_get_what_their_groups_need(specs: dict[str, HostSpec]) -> None:
    """The bastion serves the mirror, nodes run pods, and both keep time."""
    services = {name: set(spec.services) for name, spec in specs.items()}
    everywhere = {"bedplate-audit.service", "chrony.service"}
    nodes = {
        "bedplate-service-route.service",
        "containerd.service",
        "kubelet.service",
        "bedplate-certificates.timer",
    }
    assert services["bastion"] == everywhere | {"bedplate-registry.service", "nginx.service"}
    assert services["worker1"] == everywhere | nodes
    assert services["cp1"] == everywhere | nodes | {"bedplate-kubelet-requests.timer"}
    assert "kubelet" in specs["worker1"].binaries
    assert "kubelet" not in specs["bastion"].binaries
    assert "containerd" not in specs["bastion"].packages
    assert "nginx-light" not in specs["worker1"].packages


def test_packages_have_the_versions_of_the_release(site: Site, catalog: Catalog) -> None:
    """Other versions of packages, with an epoch, change every host's packages and digest, but no file."""
    before, after = _specs(site, catalog), _specs(site, catalog, version="1:2.0-4~deb12u1")
    for name, spec in after.items():
        assert set(spec.packages.values()) == {"1:2.0-4~deb12u1"}
        assert _but_pins(spec) == _but_pins(before[name])
        assert spec.digest != before[name].digest


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("bastion", ["198.18.7.12 notebooks.site.bedplate.test"]),
        ("cp1", []),
        ("worker1", ["198.18.7.12 worker1"]),
    ],
)
def test_a_hosts_file_has_what_its_host_asks_for(specs: dict[str, HostSpec], host: str, lines: list[str]) -> None:
    """A block has mirror, api and the host's own name, on the bastion also notebooks; the rest is the site's."""
    file = next(file for file in specs[host].files if file.path == "/etc/hosts")
    assert file.part == "block"
    shared = ["198.18.7.10 bastion mirror.site.bedplate.test", "198.18.7.11 cp1 api.site.bedplate.test"]
    assert file.content.splitlines() == shared + lines


def test_a_new_worker_changes_no_other_worker(site: Site, catalog: Catalog, specs: dict[str, HostSpec]) -> None:
    """Wherever it is in hosts.yaml; at its front, it takes over the notebooks' page, whose name the bastion has."""
    new = Host.model_validate({"name": "worker2", "address": "198.18.7.13", "groups": ("workers",)})
    last = _specs(Site(site.folder, site.environment, (*site.hosts, new)), catalog)
    first = _specs(Site(site.folder, site.environment, (new, *site.hosts)), catalog)
    assert last["worker1"] == first["worker1"] == specs["worker1"]
    assert last["bastion"] == specs["bastion"] != first["bastion"]


def test_containerd_uses_the_mirror_for_every_registry(specs: dict[str, HostSpec]) -> None:
    """Each registry of the release has a hosts.toml with the mirror and no upstream; _default covers all others."""
    files = {f.path: f.content for f in specs["cp1"].files if f.path.startswith("/etc/containerd/certs.d/")}
    names = {Path(path).parent.name for path in files}
    assert {"registry.k8s.io", "quay.io", "_default"} <= names
    for path, content in files.items():
        urls = [line.split('"')[1] for line in content.splitlines() if line.startswith(("server", "[host"))]
        assert urls == [f"https://mirror.site.bedplate.test/v2/{Path(path).parent.name}"] * 2


def test_kubeadm_gets_the_environments_settings(specs: dict[str, HostSpec]) -> None:
    """The settings of kubeadm are valid YAML with the release's versions and the environment's ranges."""
    documents = yaml.safe_load_all(_content(specs["cp1"], "/etc/bedplate/kubeadm.yaml"))
    kinds = {one["kind"]: one for one in documents}
    cluster = kinds["ClusterConfiguration"]
    assert cluster["kubernetesVersion"] == "v1.34.3"
    assert cluster["controlPlaneEndpoint"] == "api.site.bedplate.test:6443"
    assert cluster["networking"] == {
        "podSubnet": "198.18.128.0/17",
        "serviceSubnet": "198.19.0.0/17",
        "dnsDomain": "cluster.local",
    }
    assert cluster["dns"] == {"disabled": True}
    assert kinds["InitConfiguration"]["nodeRegistration"]["ignorePreflightErrors"] == []
    assert "conntrack" not in kinds["KubeProxyConfiguration"]


def _but_pins(spec: HostSpec) -> list[HostFile]:
    return [file for file in spec.files if file.path != "/etc/apt/preferences.d/bedplate"]


def test_only_what_the_release_owns_is_pinned(specs: dict[str, HostSpec], catalog: Catalog, tmp_path: Path) -> None:
    """What the release owns is pinned to its version; site sources go, unless the environment keeps them."""
    pinned = {name: spec.pinned for name, spec in specs.items()}
    assert pinned["worker1"] == ("chrony", "containerd", "runc")
    assert pinned["bastion"] == ("chrony", "nginx", "nginx-common", "nginx-light")
    assert not {"openssh-server", "sudo", "openssl", "less"} & {name for names in pinned.values() for name in names}
    preferences = _content(specs["worker1"], "/etc/apt/preferences.d/bedplate")
    assert preferences.count("Package: ") == 3
    assert "Package: containerd\nPin: version 1:2.0-3\nPin-Priority: 1001\n" in preferences
    assert specs["worker1"].vars["apt_source_keep_site"] is False
    kept = _specs(make_site(tmp_path, hosts={"packageSources": "keep-site"}), catalog)
    assert kept["worker1"].vars["apt_source_keep_site"] is True


def test_a_pinned_package_must_be_in_the_lock(site: Site, catalog: Catalog) -> None:
    """A component that pins a package outside the hosts' packages is refused."""
    chrony = catalog.components["chrony"]
    hosts = chrony.hosts.model_copy(update={"pinned": ["ntpd"]})
    components = {**catalog.components, "chrony": chrony.model_copy(update={"hosts": hosts})}
    with pytest.raises(BedplateError, match="package ntpd is not among the hosts' packages"):
        host_specs(site, catalog.release, components, release_file(catalog))


def test_the_mirror_is_reached_without_a_proxy(specs: dict[str, HostSpec]) -> None:
    """Apt ignores a proxy of the host's image for the mirror."""
    settings = _content(specs["worker1"], "/etc/apt/apt.conf.d/90bedplate")
    assert 'Acquire::https::Proxy::mirror.site.bedplate.test "DIRECT";' in settings


KUBELET = "/etc/bedplate/kubelet.conf.d/10-bedplate.conf"


def test_every_kubelet_gets_limits_and_keeps_its_name(specs: dict[str, HostSpec]) -> None:
    """Pods cannot take all processes, memory or disk of a node, and another name of the host does not reach it."""
    for name in ("cp1", "worker1"):
        kubelet = yaml.safe_load(_content(specs[name], KUBELET))
        assert kubelet["clusterDNS"] == ["198.19.0.10"]
        assert kubelet["failSwapOn"] is True
        assert kubelet["podPidsLimit"] == 4096
        assert kubelet["systemReserved"]["memory"] == "512Mi"
        assert kubelet["kubeReserved"]["memory"] == "256Mi"
        assert set(kubelet["evictionHard"]) == {
            "memory.available",
            "nodefs.available",
            "nodefs.inodesFree",
            "imagefs.available",
            "imagefs.inodesFree",
            "pid.available",
        }
        assert (kubelet["containerLogMaxSize"], kubelet["containerLogMaxFiles"]) == ("20Mi", 5)
        assert (kubelet["shutdownGracePeriod"], kubelet["shutdownGracePeriodCriticalPods"]) == ("60s", "20s")
        unit = _content(specs[name], "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf")
        assert f"--hostname-override={name}" in unit
        assert "--config-dir=/etc/bedplate/kubelet.conf.d" in unit
        assert unit.rstrip().endswith("$KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_NAME_ARGS")


@pytest.mark.parametrize(
    ("settings", "periods", "schedule"),
    [
        ({}, (31536000, 7776000), "*-*-* 03:17:00"),
        ({"validity": "10m", "renewBefore": "5m", "schedule": "*:*:00"}, (600, 300), "*:*:00"),
    ],
)
def test_certificates_last_as_long_as_the_environment_says(
    catalog: Catalog, tmp_path: Path, settings: dict[str, str], periods: tuple[int, int], schedule: str
) -> None:
    """kubeadm, the signer of kubelets' certificates, and the renewal on every node get the environment's periods."""
    specs = _specs(make_site(tmp_path, certificates=settings), catalog)
    documents = yaml.safe_load_all(_content(specs["cp1"], "/etc/bedplate/kubeadm.yaml"))
    cluster = next(one for one in documents if one["kind"] == "ClusterConfiguration")
    assert cluster["certificateValidityPeriod"] == f"{periods[0]}s"
    signing = {"name": "cluster-signing-duration", "value": f"{periods[0]}s"}
    assert signing in cluster["controllerManager"]["extraArgs"]
    nodes = {"cp1": {"cp1": "198.18.7.11", "worker1": "198.18.7.12"}, "worker1": {}}
    for name, known in nodes.items():
        written = json.loads(_content(specs[name], "/etc/bedplate/node.json"))
        watched = {"mirror": "mirror.site.bedplate.test:443", "notebooks": "198.18.7.11:30443"} if known else {}
        assert written == {"renewBeforeSeconds": periods[1], "nodes": known, "endpoints": watched}
        timer = _content(specs[name], "/etc/systemd/system/bedplate-certificates.timer")
        assert f"OnCalendar={schedule}\n" in timer


def test_a_managed_kernel_is_set(specs: dict[str, HostSpec]) -> None:
    """If Bedplate owns the kernel, nodes get settings and modules, and the bastion gets none."""
    assert specs["worker1"].sysctls["net.ipv4.ip_forward"] == "1"
    assert "net.ipv4.ip_forward = 1" in _content(specs["worker1"], "/etc/sysctl.d/zzz-bedplate.conf")
    assert specs["bastion"].sysctls == {}
    assert "rtcsync" in _content(specs["worker1"], "/etc/chrony/chrony.conf")


def test_an_external_kernel_is_left_alone(catalog: Catalog, tmp_path: Path) -> None:
    """If someone else owns the kernel, no setting, module or clock is changed, not even by the kubelet."""
    site = make_site(tmp_path, hosts={"kernel": "external", "oomScore": "restricted", "cgroupDriver": "cgroupfs"})
    for spec in _specs(site, catalog).values():
        paths = {file.path for file in spec.files}
        assert spec.sysctls == {}
        assert not paths & {"/etc/sysctl.d/zzz-bedplate.conf", "/etc/modules-load.d/bedplate.conf"}
        assert "makestep" not in _content(spec, "/etc/chrony/chrony.conf")
        assert 'DAEMON_OPTS="-F 1 -x"' in _content(spec, "/etc/default/chrony")
        if spec.host != "bastion":
            assert "protectKernelDefaults: true" in _content(spec, KUBELET)
            assert "shutdownGracePeriod" not in _content(spec, KUBELET)


def test_time_comes_from_the_bastion_or_from_the_sites_servers(catalog: Catalog, tmp_path: Path) -> None:
    """The bastion is the source, unless time.servers names others; then every host uses those."""
    own = _specs(make_site(tmp_path), catalog)
    assert "local stratum 10\nallow 198.18.7.0/24\n" in _content(own["bastion"], "/etc/chrony/chrony.conf")
    assert "server mirror.site.bedplate.test iburst\n" in _content(own["cp1"], "/etc/chrony/chrony.conf")
    theirs = _specs(make_site(tmp_path, time={"servers": ["ntp.site.bedplate.test"]}), catalog)
    for spec in theirs.values():
        content = _content(spec, "/etc/chrony/chrony.conf")
        assert "server ntp.site.bedplate.test iburst\n" in content
        assert "local" not in content


def test_public_certificates_are_inputs(catalog: Catalog, tmp_path: Path) -> None:
    """Hosts trust the certificate in the environment's pki/."""
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nours\n")
    specs = _specs(make_site(tmp_path), catalog)
    assert _content(specs["worker1"], "/etc/bedplate/ca.crt") == "-----BEGIN CERTIFICATE-----\nours\n"


def test_unresolved_packages_are_refused(site: Site, catalog: Catalog) -> None:
    """A release file without the hosts' package set is one clear error."""
    empty = release_file(catalog).model_copy(update={"sets": {}})
    with pytest.raises(BedplateError, match=r"the hosts' packages are not resolved"):
        host_specs(site, catalog.release, catalog.components, empty)


def test_roles_get_only_the_variables_that_they_declare(specs: dict[str, HostSpec]) -> None:
    """Every variable of a host is declared by one of its roles."""
    for spec in specs.values():
        names = RoleTree(ROLES).roles_of_groups(spec.groups, "apt_source")
        declared = {option for name in names for option in _options(name)}
        assert set(spec.vars) == {name for name in spec.vars if name in declared}


def _options(role: str) -> list[str]:
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())
    return list(specs["argument_specs"]["main"]["options"])
