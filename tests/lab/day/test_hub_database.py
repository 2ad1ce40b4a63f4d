"""The hub's database in the lab: a newer hub finds the database of an older one."""

from __future__ import annotations

from factories.running_lab import RunningLab

LIMIT_SECONDS = 180
OLDER = "3c2384c5aae1"
"""The schema of JupyterHub 5.0's predecessor."""
DOWNGRADE = f"""
from subprocess import check_call
from jupyterhub.dbutil import _temp_alembic_ini
with _temp_alembic_ini("sqlite:////srv/jupyterhub/jupyterhub.sqlite") as ini:
    check_call(["alembic", "-c", ini, "downgrade", "{OLDER}"])
"""


def test_an_older_database_is_brought_up_to_date(lab: RunningLab) -> None:
    """A hub that finds the schema of an older version upgrades it, keeps a copy, and serves."""
    _in_hub(lab, DOWNGRADE)
    # A `rollout restart` would leave an annotation, which drift reports.
    _kubectl(lab, "-n", "notebooks", "delete", "pod", "-l", "bedplate.dev/component=jupyterhub")
    _kubectl(lab, "-n", "notebooks", "rollout", "status", "deployment/hub", f"--timeout={LIMIT_SECONDS}s")
    assert "Upgrading sqlite" in _kubectl(lab, "-n", "notebooks", "logs", "deployment/hub")
    copies = _in_hub(lab, "import glob; print(len(glob.glob('/srv/jupyterhub/jupyterhub.sqlite.*')))")
    assert int(copies) >= 1


def _in_hub(lab: RunningLab, program: str) -> str:
    """Return what a Python program prints in the hub's pod."""
    return _kubectl(lab, "-n", "notebooks", "exec", "deployment/hub", "--", "python3", "-c", program)


def _kubectl(lab: RunningLab, *words: str) -> str:
    return lab.inside("kubectl", "--kubeconfig", f"{lab.site.state}/pki/admin.conf", *words)
