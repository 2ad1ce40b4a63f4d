"""`lab down`: remove a lab completely; only the caches stay."""

from __future__ import annotations

import shutil

from bedplate.config import environments
from bedplate.core.locks import lock
from bedplate.hosts import ssh
from bedplate.lab import lab_address
from bedplate.lab.container import remove_machines
from bedplate.lab.lab_address import Lab
from bedplate.lab.lab_network import remove_network
from bedplate.lab.machine_image import remove_images
from bedplate.lab.shell import ssh_target
from bedplate.remote import bastion


def remove_lab(lab: Lab) -> None:
    """Remove a lab: machines, network, rules, disks, keys, environment, reports; the machine image with the last lab.

    The file that reserves its number is removed last, so that a run that was killed can be repeated.
    """
    with lab_address.lab_lock(lab):
        _close_connections(lab)
        remove_machines(lab)
        remove_network(lab)
        for folder in (lab.folder, lab.environment, bastion.reports_folder(lab.name)):
            shutil.rmtree(folder, ignore_errors=True)
        lab.file.unlink(missing_ok=True)
        with lock(lab_address.shared_lock_file()):  # a lab that is reserved meanwhile would lack its image
            if not lab_address.all_labs():
                remove_images()
        lab.lock.unlink()


def _close_connections(lab: Lab) -> None:
    if (lab.environment / environments.ENVIRONMENT).is_file():
        site = environments.load(lab.environment)
        for host in site.hosts:
            ssh.close(ssh_target(lab, site, host))
