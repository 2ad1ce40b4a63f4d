"""The release's own API server for these tests, one for each process of a test run."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog as catalogs
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from factories import tenant_objects, unavailable
from factories.api_server import START_PROPERTY, ApiServer, running_api_server, running_controllers
from factories.background_programs import BackgroundProgram
from factories.pretended_bastion import PROGRAMS, install_programs, use_bastion
from factories.small_platform import SmallPlatform

NEEDED = (("etcd", "etcd"), ("kubernetes", "kube-apiserver"), *PROGRAMS.items())
ARTIFACTS = "etcd kubernetes-control-plane kubernetes-node pulumi pulumi-kubernetes"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Return the newest release, whose programs have to be built."""
    release = load_release(catalogs.newest())
    try:
        for component, program in NEEDED:
            find_program.find_program(component, program, release)
    except BedplateError as error:
        unavailable(f"{error.subject} {error.fact}; run: make programs, or python tests/programs.py {ARTIFACTS}")
    return release


@pytest.fixture(scope="session")
def server(catalog: Catalog) -> Iterator[ApiServer]:
    """Run an API server for all tests of this process."""
    with running_api_server(catalog) as started:
        install_programs(started)
        yield started


@pytest.fixture(scope="session")
def controllers(server: ApiServer) -> Iterator[BackgroundProgram]:
    """Run the controllers from the first test that needs them."""
    with running_controllers(server) as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def _bastion(server: ApiServer) -> Iterator[None]:
    """Let this computer be the bastion during the tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        use_bastion(server.folder, patch)
        yield


@pytest.fixture
def shop(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallPlatform:
    """Return an environment with a namespace and a release of its own."""
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    return SmallPlatform(server, tmp_path, f"shop-{next(NUMBERS)}")


@pytest.fixture(scope="session")
def tenant_site(server: ApiServer, controllers: BackgroundProgram, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Apply the release's tenants and return their environment."""
    controllers.check()
    with pytest.MonkeyPatch.context() as patch:
        use_bastion(server.folder, patch)
        return tenant_objects.apply_tenants(server, tmp_path_factory.mktemp("tenants"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many seconds each API server took to start."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == START_PROPERTY:
                terminalreporter.write_line(f"{name}: {value}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the API server's logs to the report of a test that failed."""
    report = yield
    used = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(used, ApiServer):
        report.sections += [(f"log of {program.name}", program.tail()) for program in used.programs]
    return report
