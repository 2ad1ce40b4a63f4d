"""The role kubelet on a node whose kubelet runs (a program that only answers its health check), in a container."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories.role_machine import RoleMachine
from factories.role_site import role_site

pytestmark = pytest.mark.containers

NAME = "bedplate-kubelet"
ROLES = ["node_maintenance", "kubelet"]
SETTINGS = "/etc/bedplate/kubelet.conf.d/10-bedplate.conf"
KUBELET = """\
#!/usr/bin/python3
import http.server
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 10248), Healthy).serve_forever()
"""
PREPARE = """
set -e
programs=/opt/bedplate/kubernetes/current/bin
mkdir -p $programs /etc/bedplate /etc/kubernetes /var/lib/kubelet/pki
printf %s "$1" >$programs/kubelet
touch $programs/kubeadm $programs/kubectl /var/lib/kubelet/config.yaml
chmod +x $programs/*
"""
LOG_IN = """
set -e
cd /var/lib/kubelet/pki
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=node -days 30 -keyout key.pem -out certificate.pem 2>/dev/null
cat certificate.pem key.pem >kubelet-client-current.pem
echo "client-certificate: kubelet-client-current.pem" >/etc/kubernetes/kubelet.conf
systemctl start kubelet
"""

RUN_A_PROGRAM = """
set -e
systemctl stop kubelet
cp /usr/bin/sleep /opt/bedplate/kubernetes/current/bin/new
mv /opt/bedplate/kubernetes/current/bin/new /opt/bedplate/kubernetes/current/bin/kubelet
cd /etc/systemd/system/kubelet.service.d
printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/kubelet 1000000\\n' >99.conf
systemctl daemon-reload
systemctl start kubelet
systemd-run --quiet python3 -c "$1"
"""
"""Runs a real program as the kubelet, not a script, and answers its health check next to it."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleMachine]:
    """Return the container of a worker whose kubelet runs and can log in."""
    with role_site(NAME, tmp_path_factory.mktemp("roles")) as site:
        machine = RoleMachine(site, "worker1")
        machine.copy_mirror()
        machine.install(("openssl",))
        machine.shell(PREPARE, KUBELET)
        machine.run_roles(ROLES)
        machine.shell(LOG_IN)
        yield machine


def test_a_stopped_kubelet_is_started(machine: RoleMachine) -> None:
    """A check says so and starts nothing. Before kubeadm has written the kubelet's settings, it stays as it is."""
    machine.shell("systemctl stop kubelet")
    found = [change.task for change in machine.run_roles(ROLES, check=True).changes]
    assert found == ["kubelet: Enable the kubelet, and start it if it was stopped"]
    assert _process(machine) == b"0\n"
    machine.shell("mv /var/lib/kubelet/config.yaml /root/")
    assert machine.run_roles(ROLES).changes == []
    assert _process(machine) == b"0\n"
    machine.shell("mv /root/config.yaml /var/lib/kubelet/")
    machine.run_roles(ROLES)
    assert _process(machine) != b"0\n"
    assert machine.run_roles(ROLES).changes == []


def _process(machine: RoleMachine) -> bytes:
    return machine.shell("systemctl show --property MainPID --value kubelet").stdout


def test_a_changed_setting_restarts_the_kubelet(machine: RoleMachine) -> None:
    """A check says what would change and restarts nothing; a run restarts the kubelet, and the next changes nothing."""
    before = _process(machine)
    machine.shell(f"sed -i s/podPidsLimit.*/podPidsLimit:\\ 7/ {SETTINGS}")
    changes = machine.run_roles(ROLES, check=True).changes
    assert any("Write the kubelet's settings" in change.task for change in changes)
    assert _process(machine) == before
    machine.run_roles(ROLES)
    assert "podPidsLimit: 4096" in machine.content(SETTINGS)
    after = _process(machine)
    assert after not in {before, b"0\n"}
    assert machine.run_roles(ROLES).changes == []
    assert _process(machine) == after


def test_a_kubelet_that_cannot_log_in_is_left_to_its_role(machine: RoleMachine) -> None:
    """It could not start again. The run continues without a restart, so that a later role gives it a certificate."""
    before = _process(machine)
    machine.shell(f"mv /etc/kubernetes/kubelet.conf /root/; sed -i s/podPidsLimit.*/podPidsLimit:\\ 7/ {SETTINGS}")
    machine.run_roles(ROLES)
    assert _process(machine) == before
    machine.shell("mv /root/kubelet.conf /etc/kubernetes/")


def test_another_build_of_its_version_restarts_the_kubelet(machine: RoleMachine) -> None:
    """Its program was unpacked over the one that runs. One of another version, or that cannot log in, is left alone."""
    machine.shell(RUN_A_PROGRAM, KUBELET)
    before = _process(machine)
    assert machine.run_roles(["restarted_services"]).changes == []
    machine.shell("cd /opt/bedplate/kubernetes/current/bin && cp kubelet new && mv new kubelet")
    machine.shell("mv /etc/kubernetes/kubelet.conf /root/")
    machine.run_roles(["restarted_services"])
    assert _process(machine) == before
    machine.shell("mv /root/kubelet.conf /etc/kubernetes/")
    machine.run_roles(["restarted_services"])
    after = _process(machine)
    assert after not in {before, b"0\n"}
    assert machine.run_roles(["restarted_services"]).changes == []
    machine.shell("cd /opt/bedplate/kubernetes && cp -r current newer && mv current older && ln -s newer current")
    assert machine.run_roles(["restarted_services"]).changes == []
    assert _process(machine) == after
