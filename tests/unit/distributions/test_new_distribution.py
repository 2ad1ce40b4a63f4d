"""A distribution is one folder: one that only this test has serves a mirror, and a bundle is proved for it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from bedplate import artifacts, distributions
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.host_packages import host_packages, host_roots
from bedplate.artifacts.kinds import build_context, ecosystems, load_declarations, source_kinds
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.wheel.wheel_requirements import check_wheels
from bedplate.artifacts.wheel.wheel_target import INSTALLER
from bedplate.build.proof.clean_root import prove_installation
from bedplate.config.artifact import MODELS
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.component import AllowedReference
from bedplate.config.host_spec import HostSpec
from bedplate.config.release import Platform
from bedplate.config.release_lock import Lock
from bedplate.core import file_tree, paths
from bedplate.core.errors import ErrorList
from bedplate.diff.rules.rulebook import built_in_rules, rule_files
from bedplate.distributions.distribution import OsRelease
from bedplate.distributions.find_distribution import distribution_names, distribution_of_suite, find_distribution
from bedplate.hosts import ansible
from bedplate.render.host_specs import host_specs, package_versions
from factories.host_release import release_file
from factories.render_site import RELEASE, make_site
from factories.tiny_release import host_component
from factories.tiny_wheel import make_wheel

TOYIX_RELEASE = """
version: 2026.1.0
toolchain: {go: '1', node: '1'}
epoch: 1793491200
platform: {distribution: toyix, suite: first}
components: {toyix: '1'}
"""
DATA = Path(__file__).parents[2] / "data"
CACHES = (source_kinds, ecosystems, distribution_names, find_distribution, rule_files, built_in_rules)


@pytest.fixture
def toyix(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the folders of the distribution and of its packages' kind next to those of the packages."""
    monkeypatch.setattr(artifacts, "__path__", [*artifacts.__path__, str(DATA / "source_kinds")])
    monkeypatch.setattr(distributions, "__path__", [*distributions.__path__, str(DATA / "distributions")])
    for function in CACHES:
        function.cache_clear()
    yield
    for function in CACHES:
        function.cache_clear()
    MODELS.pop("toy", None)
    AllowedReference.package_kinds.discard("toy")
    for name in [name for name in sys.modules if ".toy" in name]:
        del sys.modules[name]
    vars(artifacts).pop("toy", None)
    vars(distributions).pop("toyix", None)


@pytest.fixture
def release(tmp_path: Path, toyix: None) -> ReleaseFile:
    """Return a release for hosts that run Toyix, with one package, which the cache has."""
    assert toyix is None
    output = Cache(tmp_path).add_bytes(b"BALL")
    ball = BundledArtifact(id="toy:ball@2", kind="toy", sha256=output.sha256, size=output.size, file="ball@2")
    sets = {"toy:ball": [ball.id]}
    return ReleaseFile(release="1", suite="first", installer="0" * 64, artifacts=[ball], sets=sets)


def test_a_distribution_is_one_folder(release: ReleaseFile, tmp_path: Path) -> None:
    """Hosts get its packages' versions, the mirror its repository, and the proof its own way to install."""
    found = distribution_of_suite(release.suite)
    assert (found.name, found.purl_name("first")) == ("toyix", "toyix-1")
    component = host_component(["ball"])
    assert package_versions({"tools": component}, release) == {"ball": "2"}
    assert f"{found.package_kind}:{found.entry_name('ball', '2', 'amd64')}" in release.sets["toy:ball"]
    blobs = tmp_path / "blobs/sha256"
    (tmp_path / "mirror").mkdir()
    assert file_tree.ensure_tree(tmp_path / "mirror", found.repository_tree([release], blobs), blobs)
    assert (tmp_path / "mirror/ball@2").read_bytes() == b"BALL"
    assert prove_installation(release, ["ball"], Cache(tmp_path))
    with pytest.raises(ErrorList, match="package kite is not in the list"):
        prove_installation(release, ["ball", "kite"], Cache(tmp_path))


@pytest.mark.usefixtures("toyix")
@pytest.mark.parametrize(
    ("host", "is_right"),
    [
        (OsRelease("toyix", "", "1.4"), True),
        (OsRelease("toyix", "", "2.0"), False),
        (OsRelease("debian", "", "1.4"), False),
    ],
)
def test_a_host_is_recognized_without_a_codename(host: OsRelease, *, is_right: bool) -> None:
    """A distribution whose os-release has no VERSION_CODENAME compares VERSION_ID."""
    assert find_distribution("toyix").runs_on(host, "first") == is_right


def test_packages_have_the_distribution_s_names(release: ReleaseFile) -> None:
    """A component names packages as Debian does; another distribution has several of another name, or needs none."""
    packages = host_packages([host_component(["clock", "ball", "firmware"])], distribution_of_suite(release.suite))
    assert packages == ["ball", "sun", "sundial"]


@pytest.fixture
def specs(release: ReleaseFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, HostSpec]:
    """Return the HostSpecs of hosts that run Toyix, rendered from a tree with its role."""
    tree = tmp_path / "tree"
    shutil.copytree(paths.SOURCE / "roles", tree / "roles")
    shutil.copytree(DATA / "roles/toy_source", tree / "roles/toy_source")
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    catalog = load_release(RELEASE)
    platform = Platform(distribution="toyix", suite="first")
    wanted = catalog.release.model_copy(update={"platform": platform})
    sets = {"toy:ball,sun,sundial": ["toy:ball@2", "toy:sun@5", "toy:sundial@3"]}
    file = release_file(catalog).model_copy(update={"suite": release.suite, "sets": sets})
    tools = host_component(["ball", "clock"])
    with paths.use_tree(tree):
        found = host_specs(make_site(tmp_path), wanted, {"tools": tools}, file)
    return {spec.host: spec for spec in found}


def test_hosts_get_the_role_that_the_distribution_names(specs: dict[str, HostSpec]) -> None:
    """Its role gets the mirror, the key and the packages; the role of another distribution gets nothing."""
    for spec in specs.values():
        assert {name for name in spec.vars if "_source_" in name} == {
            "toy_source_mirror",
            "toy_source_key",
            "toy_source_packages",
            "toy_source_pinned",
            "toy_source_keep_site",
        }
    files = {file.path: file.content for file in specs["cp1"].files}
    assert files["/etc/toys.conf"] == "from mirror.site.bedplate.test/toys: ball 2 sun 5 sundial 3\n"
    assert not any(path.startswith("/etc/apt") for path in files)
    plays = ansible.plays_tagged("hosts", find_distribution("toyix").package_source_role)
    assert {play["vars"]["package_source_role"] for play in plays} == {"toy_source"}


def test_roles_get_the_distribution_s_paths_units_and_users(specs: dict[str, HostSpec]) -> None:
    """Each host gets the variables of its own roles, and its spec has the units and files that follow from them."""
    for name, spec in specs.items():
        files = {file.path: file.content for file in spec.files}
        assert "sundial.service" in spec.services
        assert 'OPTIONS="-F 1' in files["/etc/sysconfig/sundial"]
        assert not any("chrony" in path for path in files)
        assert ("mirror_log_user" in spec.vars) == (name == "bastion")
    assert "web.service" in specs["bastion"].services
    (rotation,) = (file.content for file in specs["bastion"].files if file.path.startswith("/etc/logrotate.d/"))
    assert "create 0640 web adm\n" in rotation


def test_a_bare_host_is_a_component_in_the_distribution_s_folder(
    tmp_path: Path, toyix: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The component with its name, and its packages, are found there."""
    assert toyix is None
    folder = tmp_path / "releases/2026.1.0"
    folder.mkdir(parents=True)
    (folder / "release.yaml").write_text(TOYIX_RELEASE)
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    catalog = load_release("2026.1.0")
    context = build_context(catalog, Cache(tmp_path), Lock(release="2026.1.0", entries=[], sets={}))
    assert host_roots("toy", context) == [["ball"], ["ball"]]


@pytest.mark.usefixtures("toyix")
def test_the_diff_has_the_distribution_s_rules() -> None:
    """Its rules come before the general ones, of which the first that matches applies."""
    ids = [rule.id for rule in built_in_rules()]
    assert ids.index("host-kernel") < ids.index("toyix-ball") < ids.index("host-package")


@pytest.mark.usefixtures("toyix")
def test_an_exception_names_a_package_of_the_distribution() -> None:
    """Each source kind is a key of `allow` in component.yaml; other keys are refused."""
    load_declarations()
    allowed = AllowedReference.model_validate({"toy": "ball: string", "reason": "the ball has none"})
    assert getattr(allowed, "toy", "") == "ball: string"
    with pytest.raises(ValidationError, match="toi: is not one of image, deb, wheel, "):
        AllowedReference.model_validate({"toi": "ball: string", "reason": "the ball has none"})


def test_the_mirror_serves_the_distribution_s_repository(specs: dict[str, HostSpec]) -> None:
    """The folder that the mirror tree has is the one that the web server serves."""
    (front,) = (file.content for file in specs["bastion"].files if file.path.endswith("bedplate-mirror.conf"))
    assert "location /toys/ {" in front
    assert "/apt/" not in front


@pytest.mark.parametrize(("requires", "says"), [("== '3.12'", "requires absent"), ("== '3.11'", "")])
def test_wheels_of_the_installer_are_for_its_python(
    release: ReleaseFile, tmp_path: Path, requires: str, says: str
) -> None:
    """The installer runs on hosts, so its wheels are checked for their Python; those of images for the images'."""
    wheel = make_wheel(tmp_path, "app", "1.0", f"absent; python_version {requires}")
    cache = Cache(tmp_path)
    output = cache.add_bytes(wheel.read_bytes())
    app = BundledArtifact(id="wheel:app", kind="wheel", sha256=output.sha256, size=output.size, file=wheel.name)
    for name, found in ((INSTALLER, says), ("wheel:app", "" if says else "requires absent")):
        bundle = release.model_copy(update={"artifacts": [*release.artifacts, app], "sets": {name: [app.id]}})
        errors = check_wheels(bundle, cache.root / "blobs/sha256", ())
        assert [found in str(error) for error in errors] == ([True] if found else [])
