"""The completeness of packages: what one needs is in the bundle, or is named."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.npm.npm_dependencies import check_lock
from bedplate.artifacts.wheel.wheel_requirements import check_wheels
from bedplate.build.proof import clean_root
from bedplate.build.proof.ansible_collections import check_collections
from bedplate.build.proof.pulumi_plugins import check_plugins
from bedplate.config.bundle_layout import BastionNeeds, BastionProgram, BundledArtifact, ReleaseFile
from bedplate.core.errors import ErrorList
from bedplate.distributions.debian import apt_installation, deb_relation
from bedplate.distributions.debian.deb_dependencies import check_debs
from factories import tiny_bundle
from factories.tiny_wheel import make_wheel


def _release(cache: Cache, contents: dict[str, bytes], sets: dict[str, list[str]], **fields: Any) -> ReleaseFile:
    """Return a release file of artifacts by id, which are put into the cache."""
    artifacts = []
    for name, data in contents.items():
        kind: str = "deb" if name.startswith("deb:") else "wheel"
        output = cache.add_bytes(data)
        file = name.partition(":")[2] + (".deb" if kind == "deb" else "")
        artifacts.append(BundledArtifact(id=name, kind=kind, sha256=output.sha256, size=output.size, file=file))
    known = {"suite": "bookworm", "epoch": 1793491200, "installer": "0" * 64}
    return ReleaseFile(release="2026.11.0", artifacts=artifacts, sets=sets, **{**known, **fields})


def _deb(name: str, version: str = "1.0", **fields: str) -> bytes:
    lines = {"Package": name, "Version": version, "Architecture": "all", "Description": "tiny", **fields}
    return tiny_bundle.package("".join(f"{key.replace('_', '-')}: {value}\n" for key, value in lines.items()))


def _debs(tmp_path: Path, debs: dict[str, bytes], allowed: tuple[str, ...] = ()) -> list[str]:
    cache = Cache(tmp_path)
    contents = {f"deb:{name}": data for name, data in debs.items()}
    release = _release(cache, contents, {"deb:web": list(contents)})
    return [str(error) for error in check_debs(release, tmp_path / "blobs/sha256", allowed)]


@pytest.mark.parametrize(
    ("needs", "other"),
    [
        ({"Depends": "helper"}, {}),
        ({"Depends": "helper (>= 1.0~rc1), web"}, {}),
        ({"Pre_Depends": "helper:any (= 1.0)"}, {}),
        ({"Depends": "absent | helper"}, {}),
        ({"Depends": "virtual"}, {"Provides": "other, virtual"}),
        ({"Depends": "virtual (>= 2)"}, {"Provides": "virtual (= 2.1)"}),
        ({"Recommends": "absent", "Suggests": "absent"}, {}),
    ],
)
def test_met_dependencies_pass(tmp_path: Path, needs: dict[str, str], other: dict[str, str]) -> None:
    """Alternatives, versions, architectures and provided names count as apt counts them."""
    assert _debs(tmp_path, {"web": _deb("web", **needs), "helper": _deb("helper", **other)}) == []


@pytest.mark.parametrize(
    ("needs", "other", "written"),
    [
        ({"Depends": "absent"}, {}, "absent"),
        ({"Depends": "helper (>= 1.0), absent | gone"}, {}, "absent | gone"),
        ({"Depends": "helper (>> 1.0)"}, {}, "helper (>> 1.0)"),
        ({"Pre_Depends": "helper (<< 1.0)"}, {}, "helper (<< 1.0)"),
        ({"Depends": "virtual (>= 2)"}, {"Provides": "virtual"}, "virtual (>= 2)"),
    ],
)
def test_an_unmet_dependency_is_named(
    tmp_path: Path, needs: dict[str, str], other: dict[str, str], written: str
) -> None:
    """Package, version and what it needs are in the message."""
    (error,) = _debs(tmp_path, {"web": _deb("web", **needs), "helper": _deb("helper", **other)})
    assert error.startswith(f"package web 1.0 needs {written}, which the bundle does not have")


def test_a_declared_package_has_to_be_there(tmp_path: Path) -> None:
    """A set without its own root is refused."""
    assert _debs(tmp_path, {"helper": _deb("helper")})[0].startswith("package web is declared by a component")


def test_an_exception_is_for_one_dependency(tmp_path: Path) -> None:
    """What is allowed to be absent is written as the error writes it."""
    debs = {"web": _deb("web", Depends="absent (>= 2), gone")}
    (error,) = _debs(tmp_path, debs, ("web: absent (>= 2)",))
    assert "needs gone" in error


def test_what_is_no_dependency_is_refused() -> None:
    """A field that cannot be read is never taken as met."""
    with pytest.raises(ValueError, match="is not a dependency"):
        deb_relation.parse_dependencies("web (maybe 1)")


APT_SAYS = """\
The following packages have unmet dependencies:
 web : Depends: absent (>= 2) but it is not installable
 init : PreDepends: systemd-sysv but it is not installable
E: Unable to correct problems, you have held broken packages.
E: Unable to locate package nginx-light
E: Package 'runc' has no installation candidate
"""


def test_apt_s_words_become_errors() -> None:
    """Each package that cannot be installed is named with what it lacks."""
    found = [str(error).partition("\n  hint: ")[0] for error in apt_installation.missing_packages(APT_SAYS)]
    assert found == [
        "package init cannot be installed from the bundle alone: PreDepends: systemd-sysv but it is not installable",
        "package web cannot be installed from the bundle alone: Depends: absent (>= 2) but it is not installable",
        "package nginx-light is not in the bundle",
        "package runc is not in the bundle",
    ]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mmdebstrap") is None, reason="needs root and mmdebstrap")
def test_a_real_installation_names_what_is_unmet(tmp_path: Path) -> None:
    """Real apt, in a clean root, from the bundle's own repository, says the same and nothing is noted as proved."""
    cache = Cache(tmp_path)
    contents = {"deb:web": _deb("web", Depends="absent (>= 2)", Essential="yes")}
    release = _release(cache, contents, {"deb:web": list(contents)})
    with pytest.raises(ErrorList, match=r"package web cannot be installed .*absent \(>= 2\)"):
        clean_root.prove_installation(release, ["web"], cache)
    assert not any((tmp_path / "proved").iterdir())


def _wheels(tmp_path: Path, requires: str, others: dict[str, str], allowed: tuple[str, ...] = ()) -> list[str]:
    cache, folder = Cache(tmp_path / "cache"), tmp_path / "wheels"
    folder.mkdir()
    made = [make_wheel(folder, "app", "1.0", requires)]
    made += [make_wheel(folder, name, version) for name, version in others.items()]
    contents = {f"wheel:{path.name}": path.read_bytes() for path in made}
    release = _release(cache, contents, {"wheel:app==1.0": list(contents)})
    return [str(error) for error in check_wheels(release, cache.root / "blobs/sha256", allowed)]


@pytest.mark.parametrize(
    "requires",
    [
        "helper",
        "Helper>=1,<2",
        "absent; python_version < '3.0'",
        "absent; sys_platform == 'win32'",
        "absent; extra == 'test'",
    ],
)
def test_met_requirements_pass(tmp_path: Path, requires: str) -> None:
    """Names in any spelling, versions, and markers of the hosts' own Python."""
    assert _wheels(tmp_path, requires, {"helper": "1.5"}) == []


@pytest.mark.parametrize(
    ("requires", "says"),
    [
        ("absent", "requires absent; the bundle does not have it"),
        ("helper>=2", "requires helper>=2; the bundle has 1.5"),
        ("absent; python_version >= '3'", "the bundle does not have it"),
    ],
)
def test_an_unmet_requirement_is_named(tmp_path: Path, requires: str, says: str) -> None:
    """The wheel, its requirement, and what the bundle has are in the message."""
    (error,) = _wheels(tmp_path, requires, {"helper": "1.5"})
    assert error.startswith("wheel app 1.0 ")
    assert says in error


def test_a_wheel_s_exception(tmp_path: Path) -> None:
    """A requirement may be allowed to be absent."""
    assert _wheels(tmp_path, "absent>=1", {}, ("app: absent>=1",)) == []


def test_npm_finds_packages_as_node_does() -> None:
    """A dependency may lie in the package's own node_modules or in any folder above; a missing one is named."""
    packages = {
        "": {"dependencies": {"web": "1"}},
        "node_modules/web": {"dependencies": {"inner": "1", "outer": "1", "gone": "^2"}},
        "node_modules/web/node_modules/inner": {"dependencies": {"outer": "1"}},
        "node_modules/outer": {"peerDependencies": {"x": "1"}, "peerDependenciesMeta": {"x": {"optional": True}}},
    }
    (error,) = check_lock("page", {"packages": packages})
    assert str(error).startswith("npm:page lacks gone ^2, which web depends on")


def test_a_module_needs_its_collection(tmp_path: Path) -> None:
    """A role may use ansible-core's modules and those of carried collections, whose own needs are carried too."""
    tasks = tmp_path / "roles/base/tasks"
    tasks.mkdir(parents=True)
    names = ("ansible.builtin.copy", "community.general.ufw", "ours.tools.thing")
    (tasks / "main.yml").write_text(json.dumps([{"block": [{name: {}} for name in names]}]))
    ours = tmp_path / "roles/ansible_collections/ours/tools"
    ours.mkdir(parents=True)
    info = {"namespace": "ours", "name": "tools", "version": "1.0.0", "dependencies": {"ansible.posix": ">=1"}}
    (ours / "MANIFEST.json").write_text(json.dumps({"collection_info": info}))
    first, second = map(str, check_collections(tmp_path / "roles"))
    assert first.startswith("collection ours.tools depends on ansible.posix >=1, which is not carried")
    assert "roles/base/tasks/main.yml: module community.general.ufw is of community.general" in second


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({"pulumi": "3.214.0"}, ["plugin pulumi-resource-kubernetes is not in the bundle"]),
        ({"pulumi": "3.214.0", "pulumi-resource-kubernetes": "4.24.0"}, ["is 4.24.0 in the bundle"]),
        ({"pulumi": "3.213.0", "pulumi-resource-kubernetes": "4.24.1"}, ["the Pulumi CLI is 3.213.0"]),
        ({"pulumi": "3.214.0", "pulumi-resource-kubernetes": "4.24.1"}, []),
    ],
)
def test_plugins_are_those_that_wheels_ask_for(tmp_path: Path, programs: dict[str, str], says: list[str]) -> None:
    """A plugin of another version would be downloaded at the site."""
    plugin = {"resource": True, "name": "kubernetes", "version": "4.24.1"}
    wheels = {"wheel:pulumi_kubernetes-4.24.1-py3-none-any.whl": _wheel_with(plugin)}
    wheels["wheel:pulumi-3.214.0-py3-none-any.whl"] = tiny_bundle.wheel()
    carried = [BastionProgram(component=n, version=v, artifact="0" * 64, path=f"bin/{n}") for n, v in programs.items()]
    cache = Cache(tmp_path)
    release = _release(cache, wheels, {"wheel:installer": list(wheels)}, bastion=BastionNeeds(programs=carried))
    errors = [str(error) for error in check_plugins(release, tmp_path / "blobs/sha256")]
    assert [text in error for text, error in zip(says, errors, strict=True)] == [True] * len(says)


def _wheel_with(plugin: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("pulumi_kubernetes/pulumi-plugin.json", json.dumps(plugin))
    return out.getvalue()
