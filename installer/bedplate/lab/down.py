"""``lab down``: nothing of the lab is left but the caches."""

from __future__ import annotations

import shutil

from bedplate import environments, forward
from bedplate.lab import address
from bedplate.lab.address import Lab
from bedplate.lab.image import remove_images
from bedplate.lab.machine import remove_machines
from bedplate.lab.network import remove_network
from bedplate.lab.shell import target
from bedplate.locks import waiting
from bedplate.tools import ssh


def remove(lab: Lab) -> None:
    """Remove a lab: machines, network, rules, disks, keys, environment, reports; with the last one, their image.

    Its number goes after all that is named by it, so that a run that was killed can be repeated.
    """
    with address.changing(lab):
        _close_connections(lab)
        remove_machines(lab)
        remove_network(lab)
        for folder in (lab.folder, lab.environment, forward.reports(lab.name)):
            shutil.rmtree(folder, ignore_errors=True)
        lab.file.unlink(missing_ok=True)
        with waiting(address.shared_lock()):  # nobody reserves a lab meanwhile, and would miss its image
            if not address.every():
                remove_images()
        lab.lock.unlink()


def _close_connections(lab: Lab) -> None:
    if (lab.environment / environments.ENVIRONMENT).is_file():
        site = environments.load(lab.environment)
        for host in site.hosts:
            ssh.close(target(lab, site, host))
