"""What `apply` reads again on each host: every step asks for what its roles leave there."""

from __future__ import annotations

import pytest

from bedplate.apply import steps
from bedplate.apply.play_step import PlayStep
from bedplate.apply.step_questions import questions_of_step
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.distributions.find_distribution import find_distribution
from bedplate.hosts.state.host_questions import HostQuestions
from bedplate.render.host_specs import host_specs
from factories.host_release import release_file
from factories.render_site import make_site

TAGS = ("mirror", "hosts", "control-plane", "workers")
KUBERNETES = "/opt/bedplate/kubernetes"


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> list[HostSpec]:
    """Return the HostSpecs of a site whose kernel is managed and whose control plane has a replica of the mirror."""
    site: Site = make_site(tmp_path_factory.mktemp("site"), mirror={"replicas": "control_plane"})
    return host_specs(site, catalog.release, catalog.components, release_file(catalog))


def _asked(specs: list[HostSpec], tag: str, host: str) -> HostQuestions:
    return questions_of_step(tag, specs, find_distribution("debian"))[host]


def test_every_file_and_unit_of_a_host_is_read_by_a_step(specs: list[HostSpec]) -> None:
    """What `render` shows of a host is what `apply` compares there."""
    for spec in specs:
        asked = [_asked(specs, tag, spec.host) for tag in TAGS]
        assert {file.path for file in spec.files if file.part == "all"} <= {path for one in asked for path in one.files}
        assert {file.path for file in spec.files if file.part == "block"} == {path for a in asked for path in a.blocks}
        assert {*spec.services} == {unit for one in asked for unit in one.units}
        assert {*spec.packages} == {package for one in asked for package in one.packages}
        assert spec.sysctls == {name: value for one in asked for name, value in one.settings.items()}


@pytest.mark.parametrize(
    ("tag", "host", "field", "item"),
    [
        ("hosts", "worker1", "tables", "inet bedplate_audit"),
        ("mirror", "bastion", "tables", "inet bedplate_audit"),
        ("hosts", "worker1", "routes", "198.19.0.0/17"),
        ("hosts", "worker1", "files", f"{KUBERNETES}/current"),
        ("hosts", "worker1", "files", "/usr/local/bin/kubelet"),
        ("hosts", "worker1", "files", "/etc/bedplate"),
        ("hosts", "worker1", "files", "/proc/swaps"),
        ("hosts", "worker1", "files", "/etc/systemd/system/swap.target"),
        ("hosts", "cp1", "files", "/etc/bedplate/mirror.key"),
        ("control-plane", "cp1", "files", "/etc/bedplate/kubeadm.yaml"),
        ("control-plane", "cp1", "checks", "/usr/local/sbin/bedplate-node compare"),
    ],
)
def test_what_templates_do_not_show_is_read_too(
    specs: list[HostSpec], tag: str, host: str, field: str, item: str
) -> None:
    """Rules, routes, programs, links, folders and files with secrets: content is compared as a digest."""
    assert item in getattr(_asked(specs, tag, host), field)


def test_programs_are_read_in_their_version(specs: list[HostSpec], catalog: Catalog) -> None:
    """A program that was replaced by hand is found."""
    version = catalog.release.components["kubernetes"]
    assert f"{KUBERNETES}/{version}/bin/kubelet" in _asked(specs, "hosts", "worker1").files


def test_packages_are_asked_for_with_the_command_of_the_distribution(specs: list[HostSpec]) -> None:
    """It prints their names and versions."""
    assert _asked(specs, "hosts", "worker1").package_command == find_distribution("debian").query_packages


def test_steps_ask_nothing_of_hosts_that_they_do_not_configure(specs: list[HostSpec]) -> None:
    """The mirror's step is for the bastion, and the workers' for workers."""
    assert _asked(specs, "mirror", "worker1").is_empty
    assert _asked(specs, "workers", "cp1").is_empty


def test_files_that_a_run_removes_again_are_not_read(specs: list[HostSpec]) -> None:
    """A worker's token exists for seconds, and marks of unfinished work only while it is."""
    asked = [_asked(specs, tag, spec.host) for tag in TAGS for spec in specs]
    paths = {path for one in asked for path in one.files}
    assert not {path for path in paths if path.startswith("/run/") or path.endswith(".begun")}


def test_every_step_of_hosts_has_a_tag() -> None:
    """Another step with plays needs its place in this test."""
    kinds = [kind for kind in vars(steps).values() if isinstance(kind, type) and issubclass(kind, PlayStep)]
    assert {kind.id for kind in kinds} == {*TAGS}
