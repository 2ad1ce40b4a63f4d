"""Step "Serve the mirror": the image registry and the web server on the bastion."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import ClassVar

import httpx

from bedplate.apply.play_step import PROBE_SECONDS, PlayStep
from bedplate.config import addresses
from bedplate.distributions.find_distribution import find_distribution


@dataclass(frozen=True, slots=True)
class ServeMirror(PlayStep):
    """The mirror serves images and packages under its own name and certificate."""

    id: ClassVar = "mirror"
    title: ClassVar = "Serve images, packages and files"
    groups: ClassVar = ("bastion",)

    def probe(self) -> bool:
        """Return whether the registry and the package repository answer."""
        site = self.installation.site
        distribution = find_distribution(self.installation.catalog.release.platform.distribution)
        paths = ("/v2/", f"/{distribution.repository}/{distribution.signature}")
        name = addresses.site_names(site.environment.domain).mirror
        context = ssl.create_default_context(cafile=str(site.state / "pki" / "ca.crt"))
        with httpx.Client(verify=context, timeout=PROBE_SECONDS, trust_env=False) as client:
            responses = [
                client.get(
                    f"https://{site.bastion.address}{path}", headers={"Host": name}, extensions={"sni_hostname": name}
                )
                for path in paths
            ]
        return all(response.status_code == httpx.codes.OK for response in responses)
