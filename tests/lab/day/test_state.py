"""The state of an environment on its bastion: where it is, and the move from where earlier releases kept it."""

from __future__ import annotations

from factories.running_lab import RunningLab


def test_a_state_of_an_earlier_release_is_moved_and_used(lab: RunningLab) -> None:
    """After an update of the installer, `status` moves the state; `apply` has nothing to do, and nginx still starts."""
    name, state = lab.lab.name, str(lab.site.state)
    former = f"/var/lib/bedplate/{name}"
    lab.inside("sh", "-c", f"rm -f {former} && mv {state} {former}")
    assert lab.answer("status", name)["nodes"] == {"cp1": "Ready", "worker1": "Ready"}
    assert lab.inside("readlink", former).strip() == f"environments/{name}"
    assert lab.answer("apply", name, "--yes")["ran"] == {}
    lab.inside("sed", "-i.former", f"s#{state}#{former}#", "/etc/nginx/conf.d/bedplate-mirror.conf")
    try:
        lab.inside("systemctl", "restart", "nginx")
    finally:
        lab.inside("sh", "-c", "cd /etc/nginx/conf.d && mv bedplate-mirror.conf.former bedplate-mirror.conf")
        lab.inside("systemctl", "restart", "nginx")


def test_a_second_environment_is_refused(lab: RunningLab) -> None:
    """It would take over the mirror's name and certificate, which every host of the first one uses."""
    folder = "/etc/bedplate/second"
    lab.inside("sh", "-c", f"cp -a /etc/bedplate/{lab.lab.name} {folder}")
    try:
        lab.inside("sed", "-i", "s/^name: .*/name: second/", f"{folder}/environment.yaml")
        text = lab.inside("sh", "-c", "bedplate apply second --yes 2>&1; echo code $?", check=False)
    finally:
        lab.inside("rm", "-rf", folder)
    assert f"this bastion serves environment {lab.lab.name}, and can serve only one" in text
    assert text.endswith("code 2\n")
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}
