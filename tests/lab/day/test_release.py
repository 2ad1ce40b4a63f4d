"""What a bastion applies: the release's own installer, as it was signed, and nothing else."""

from __future__ import annotations

import json

from bedplate.lab.container import MEDIA
from bedplate.lab.up import BUNDLE
from factories.running_lab import RunningLab

LAST_RUN = """
import json, sqlite3, sys
row = sqlite3.connect(sys.argv[1]).execute(
    "SELECT user, installer, environment FROM runs ORDER BY id DESC LIMIT 1").fetchone()
print(json.dumps(row))
"""


def test_an_edited_role_is_refused_and_restored_by_install(lab: RunningLab) -> None:
    """`apply` names the file; the bundle's `install` brings back what was signed, and then nothing is left to do."""
    release = lab.site.environment.release.partition("+")[0]
    role = "roles/base/tasks/main.yml"
    lab.inside("sh", "-c", f"echo '# mine' >>/opt/bedplate/installer/{release}/{role}")
    done = lab.bedplate("apply", lab.lab.name, "--yes")
    assert done.returncode == 1
    assert f"file {role} in /opt/bedplate/installer/{release} is not as release {release} was signed" in done.stderr
    lab.inside("python3", f"{MEDIA}/{BUNDLE}/install", "--publisher", "/root/publisher.pub")
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}


def test_trees_that_nobody_signed_are_refused(lab: RunningLab) -> None:
    """A component of one's own goes into a bundle, not into a variable on the bastion."""
    command = f"BEDPLATE_TREES=/tmp bedplate apply {lab.lab.name} --yes 2>&1; echo code $?"
    text = lab.inside("sh", "-c", command)
    assert "variable BEDPLATE_TREES names other source trees" in text
    assert text.endswith("code 2\n")


def test_a_run_is_recorded_with_its_origin(lab: RunningLab) -> None:
    """The ledger has who typed the command and where, and the digests of installer and environment."""
    lab.answer("apply", lab.lab.name, "--yes")
    user, installer, environment = json.loads(lab.inside("python3", "-c", LAST_RUN, str(lab.site.ledger)))
    release = lab.site.environment.release.partition("+")[0]
    assert "@" in user
    assert user != f"root@{lab.site.bastion.name}"
    assert installer == lab.inside("cat", f"/opt/bedplate/installer/{release}/.digest").strip()
    assert len(environment) == 64
