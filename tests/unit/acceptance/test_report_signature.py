"""The signature of an acceptance report: the site's public key verifies every byte, and that nothing was added."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.acceptance import acceptance_report, report_signature, runner
from bedplate.acceptance.acceptance_result import AcceptanceCheck, AcceptanceRun
from bedplate.apply import installation
from bedplate.bundle import ssh_signature
from bedplate.config.bundle_layout import MANIFEST, SIGNATURE
from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.pki import site_key
from bedplate.remote import bastion
from factories.least_environment import KNOWN

CHECKS = [
    AcceptanceCheck(
        id=f"a/{n}", title="It works", component="a", outcome=outcome, seconds=1, facts={"packets_outside": 0}
    )
    for n, outcome in enumerate(["passed", "passed", "passed"])
]
RUN = AcceptanceRun(
    release="2026.11.0", environment="bank", started=datetime(2026, 11, 26, 8, 15, tzinfo=UTC), seconds=83,
    hosts={"cp1": "control_plane"}, checks=CHECKS,
)  # fmt: skip
FILES = ["junit.xml", "pytest.log", "report.html", "report.json"]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a site's private key; the public key is next to it."""
    ssh_signature.new_key(tmp_path / "key" / "site", "site bank")
    return tmp_path / "key" / "site"


@pytest.fixture
def folder(tmp_path: Path, key: Path) -> Path:
    """Return a signed report."""
    folder = tmp_path / "report"
    acceptance_report.write(RUN, folder)
    (folder / "pytest.log").write_text("3 tests\n")
    assert report_signature.sign_report(RUN, folder, key) == folder / MANIFEST
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose state is the test's own."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return Site(tmp_path / "environment", Environment.model_validate({**KNOWN, "name": "bank"}), ())


def verify(folder: Path, key: Path) -> report_signature.ReportManifest:
    """Verify a report with the public half of a key."""
    return report_signature.verify_report(folder, lambda _: key.with_name(f"{key.name}.pub").read_text())


def test_lists_what_was_found_and_every_file(folder: Path, key: Path) -> None:
    """The manifest has release, environment, time, outcomes and all files, but names no host and no check."""
    found = verify(folder, key)
    assert [file.path for file in found.files] == FILES
    assert found.model_dump(mode="json", exclude={"files"}) == {
        "format": 1, "environment": "bank", "release": "2026.11.0", "started": "2026-11-26T08:15:00Z", "seconds": 83.0,
        "green": True, "passed": 3, "failed": 0, "skipped": 0, "packets_outside": 0,
    }  # fmt: skip
    assert "cp1" not in (folder / MANIFEST).read_text()


def test_signed_again_it_is_the_same(folder: Path, key: Path) -> None:
    """Signing again ignores an older manifest and signature."""
    before = [(folder / name).read_bytes() for name in (MANIFEST, SIGNATURE)]
    report_signature.sign_report(RUN, folder, key)
    assert [(folder / name).read_bytes() for name in (MANIFEST, SIGNATURE)] == before


def test_the_signature_comes_last(folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that is interrupted before signing is unsigned; no older signature stays next to a new manifest."""

    def stop(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(site_key, "sign", stop)
    with pytest.raises(KeyboardInterrupt):
        report_signature.sign_report(RUN, folder, key)
    assert (folder / MANIFEST).exists()
    with pytest.raises(BedplateError, match=rf"is not signed: it has no {SIGNATURE}\n  hint: copy the whole folder"):
        verify(folder, key)


def test_ssh_keygen_alone_checks_it(folder: Path, key: Path, tmp_path: Path) -> None:
    """An auditor without Bedplate needs only OpenSSH and sha256sum."""
    signers = tmp_path / "signers"
    signers.write_text(f"site {key.with_name('site.pub').read_text()}")
    words = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "site", "-n", "bedplate-report", "-s"]
    with (folder / MANIFEST).open("rb") as data:
        assert subprocess.run([*words, str(folder / SIGNATURE)], stdin=data, check=False).returncode == 0


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
def test_without_a_signature_it_is_refused(folder: Path, key: Path, name: str) -> None:
    """A manifest without its signature, and a signature without its manifest, are refused."""
    (folder / name).unlink()
    with pytest.raises(BedplateError, match=rf"report .* is not signed: it has no {name}\n  hint: ") as caught:
        verify(folder, key)
    assert caught.value.exit_code == 1


def test_another_sites_key_and_a_changed_manifest_are_different_errors(folder: Path, key: Path, tmp_path: Path) -> None:
    """A wrong key and wrong content are two errors, because they need different actions."""
    ssh_signature.new_key(tmp_path / "other", "site other")
    with pytest.raises(BedplateError, match=r"signature was not made with the site's key (?s:.*)hint: compare the key"):
        verify(folder, tmp_path / "other")
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"failed": 0', '"failed": 1'))
    with pytest.raises(BedplateError, match="signature does not match the content: it was changed"):
        verify(folder, key)


def test_a_signature_of_an_inventory_does_not_fit_a_report(folder: Path, key: Path) -> None:
    """The site's key signs inventory files and reports; neither passes as the other."""
    data = (folder / MANIFEST).read_bytes()
    (folder / SIGNATURE).write_bytes(site_key.sign(data, key, site_key.INVENTORY_NAMESPACE))
    with pytest.raises(BedplateError, match="was not signed as bedplate-report"):
        verify(folder, key)


def test_every_wrong_file_is_named_in_one_pass(folder: Path, key: Path) -> None:
    """Files of the same length, cut off, missing, additional, and replaced by a link are all named."""
    log, page = folder / "pytest.log", folder / "report.html"
    log.write_text("4 tests\n")
    page.write_bytes(page.read_bytes()[:-1])
    (folder / "junit.xml").unlink()
    (folder / "report.json").rename(folder.parent / "report.json")
    (folder / "report.json").symlink_to("../report.json")
    (folder / "more").mkdir()
    (folder / "more" / "note.txt").write_text("all was well\n")
    with pytest.raises(ErrorList) as caught:
        verify(folder, key)
    assert [(error.subject.removeprefix(f"file {folder}/"), error.fact) for error in caught.value.errors] == [
        ("junit.xml", "is missing"),
        ("more/note.txt", "is not in the manifest that the site signed"),
        ("pytest.log", "differs from what was signed"),
        ("report.html", "differs from what was signed"),
        ("report.json", "is a link or a special file"),
    ]
    assert all(error.hint for error in caught.value.errors)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "is not the manifest of a report"),
        ('{"format": 2}', "format"),
        (json.dumps({"environment": "/media/report/bank"}), "environment"),
        ("x" * (report_signature.LARGEST + 1), "is larger than"),
    ],
)
def test_what_is_not_a_manifest_is_one_clear_line(folder: Path, key: Path, text: str, fact: str) -> None:
    """A file that is not a manifest is refused; an environment that is a path could name its own key."""
    (folder / MANIFEST).write_text(text)
    with pytest.raises(BedplateError, match=rf"{MANIFEST} .*{fact}") as caught:
        verify(folder, key)
    assert "\n" not in caught.value.subject + caught.value.fact


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path, key: Path) -> None:
    """A folder that does not exist is an input error."""
    with pytest.raises(InputError, match="is not a folder"):
        verify(tmp_path / "nothing", key)


def test_the_command_verifies_and_prints_who_signed(folder: Path, key: Path) -> None:
    """The command prints what was signed and the key's fingerprint; JSON has the manifest."""
    words = ["report", "verify", str(folder), "--site", str(key.with_name("site.pub"))]
    done = CliRunner().invoke(cli.build(words), words)
    assert done.exit_code == 0, done.output
    fingerprint = ssh_signature.fingerprint(key.with_name("site.pub").read_text())
    assert done.output.splitlines() == [
        f"{folder}: environment bank, release 2026.11.0, 2026-11-26 08:15 UTC: green, 3 passed, 0 failed, 0 skipped",
        f"4 files verified, signed by {fingerprint}",
    ]
    done = CliRunner().invoke(cli.build(words), [*words, "--output", "json"])
    assert json.loads(done.output)["fingerprint"] == fingerprint


def test_the_command_asks_for_a_key_it_does_not_have(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor has no environment: the hint is to pass the key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "SOURCE", tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    words = ["report", "verify", str(folder)]
    done = CliRunner().invoke(cli.build(words), words)
    assert isinstance(done.exception, InputError)
    assert "environment bank was not found" in str(done.exception)
    assert str(done.exception).endswith("--site FILE")


def test_verify_signs_what_it_writes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """`bedplate verify` writes a signed report into the site's log folder, pytest's output included."""

    def run(_: object, log: Path, **__: object) -> AcceptanceRun:
        log.parent.mkdir(parents=True)
        log.write_text("3 tests\n")
        return RUN

    monkeypatch.setattr(bastion, "run_on_bastion", lambda *_, **__: site)
    monkeypatch.setattr(installation, "load", lambda _: None)
    monkeypatch.setattr(runner, "run_acceptance", run)
    done = CliRunner().invoke(cli.build(["verify"]), ["verify", "bank"])
    assert done.exit_code == 0, done.output
    [folder] = (site.state / "log/acceptance").iterdir()
    found = report_signature.verify_report(folder, lambda _: site_key.public_key(site))
    assert [file.path for file in found.files] == FILES
