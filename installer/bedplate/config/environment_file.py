"""The model of environment.yaml, which describes one datacenter (inventory/<environment>/environment.yaml)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bedplate.config.base import Model

DURATION = r"^[0-9]+[hdwy]$"
DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
PERIOD = r"^[0-9]+[mhd]$"
QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"


class Bastion(Model):
    """The machine inside the air gap that runs the installer."""

    host: str = Field(description="its name in hosts.yaml")
    address: str = Field(
        "",
        description="SSH destination for commands typed elsewhere: [user@]host; empty: the address in hosts.yaml",
    )
    identity: str = Field(
        "",
        description="SSH private key for it, on the machine where you type; empty: the SSH client chooses",
    )


class Network(Model):
    """Address ranges; they must not overlap with each other."""

    nodes: IPv4Network = Field(description="range of the hosts")
    pods: IPv4Network = Field(description="range of the pods")
    services: IPv4Network = Field(description="range of the Services")
    outside: list[IPv4Address] = Field(
        default_factory=list, description="addresses in these ranges that count as outside, such as a gateway"
    )


class HostSettings(Model):
    """What Bedplate may change on the hosts."""

    kernel: Literal["managed", "external"] = Field(
        "managed", description="who owns kernel settings, swap, modules and clock; external: only check and report"
    )
    oom_score: Literal["managed", "restricted"] = Field(
        "managed", alias="oomScore", description="restricted: the hosts may not lower OOM scores"
    )
    cgroup_driver: Literal["systemd", "cgroupfs"] = Field(
        "systemd", alias="cgroupDriver", description="who manages the cgroups of pods"
    )
    package_sources: Literal["mirror", "keep-site"] = Field(
        "mirror",
        alias="packageSources",
        description="mirror: the hosts' only package source; keep-site: the hosts' other sources stay as well",
    )


class Certificates(Model):
    """How long the cluster's own certificates are valid, and when they are renewed."""

    validity: str = Field("365d", pattern=PERIOD, description="how long a new certificate is valid, such as 365d")
    renew_before: str = Field(
        "90d",
        pattern=PERIOD,
        alias="renewBefore",
        description="how long before its end a control-plane certificate is renewed; shorter than validity",
    )
    schedule: str = Field(
        "*-*-* 03:17:00",
        description="when the hosts check, as in systemd's OnCalendar; the API server restarts after a renewal",
    )

    @property
    def validity_seconds(self) -> int:
        """Return the validity in seconds."""
        return _seconds(self.validity)

    @property
    def renew_before_seconds(self) -> int:
        """Return how many seconds before its end a certificate is renewed."""
        return _seconds(self.renew_before)

    @model_validator(mode="after")
    def _check_periods(self) -> Self:
        if not 0 < self.renew_before_seconds < self.validity_seconds:
            raise ValueError("renewBefore must be shorter than validity, and not zero")
        return self


def _seconds(period: str) -> int:
    return int(period[:-1]) * {"m": 60, "h": 3600, "d": 86400}[period[-1]]


class Time(Model):
    """The time source of the hosts."""

    servers: list[str] = Field(
        default_factory=list, description="NTP servers inside the site; empty: the bastion is the time source"
    )


class AcceptedFinding(Model):
    """A preflight finding that is known and accepted."""

    id: str = Field(description="the finding's id, such as swap-on")
    reason: str = Field(description="a sentence: why it is accepted here")


class PreflightSettings(Model):
    """Which findings of preflight do not block an installation."""

    accept: list[AcceptedFinding] = Field(
        default_factory=list, description="findings accepted at this site, each with a reason"
    )


class Quota(Model):
    """The limits of a tenant's namespace."""

    cpu: str = Field("4", pattern=QUANTITY, description="sum of CPU requests and limits")
    memory: str = Field("8Gi", pattern=QUANTITY, description="sum of memory requests and limits")
    storage: str = Field("20Gi", pattern=QUANTITY, description="sum of volume requests")
    pods: int = Field(20, ge=1, description="number of pods")
    gpus: int = Field(0, ge=0, description="number of NVIDIA GPUs")


class TenantNamespace(Model):
    """One namespace of a tenant."""

    name: str = Field(pattern=DNS_LABEL, description="the namespace's name")
    quota: Quota = Field(default_factory=Quota, description="its ResourceQuota")
    pod_security: Literal["baseline", "restricted"] = Field(
        "restricted", alias="podSecurity", description="enforced Pod Security Standard"
    )


class TenantGroups(Model):
    """Groups of the identity provider, by their rights in the tenant's namespaces."""

    admins: list[str] = Field(
        default_factory=list, description="may manage everything but quotas and policies (role admin)"
    )
    users: list[str] = Field(default_factory=list, description="may run notebooks and workloads (role edit)")
    viewers: list[str] = Field(default_factory=list, description="may read (role view)")


class Mirror(Model):
    """The hosts that serve images in addition to the bastion."""

    replicas: Literal["none", "control_plane"] = Field(
        "none", description="control_plane: every control-plane host also keeps and serves all images"
    )


class Tenant(Model):
    """A department; it owns namespaces."""

    name: str = Field(pattern=DNS_LABEL, description="short name")
    owner: str = Field(description="who is responsible for it: an email address or a name in the CMDB")
    groups: TenantGroups = Field(default_factory=TenantGroups, description="groups and their rights")
    namespaces: list[TenantNamespace] = Field(min_length=1, description="its namespaces")


class IdentityProvider(Model):
    """Who may log in."""

    provider: Literal["file"] = Field("file", description="file: a local file of users, with hashes of their passwords")
    users: str = Field(
        "", description="for file: path of the users file on the bastion; empty: one administrator is created"
    )


class Storage(Model):
    """Where volumes are stored."""

    path: str = Field("/var/lib/bedplate-volumes", description="folder for local volumes on every worker")


class Monitoring(Model):
    """How long metrics are kept, and how much space they get."""

    retention: str = Field("15d", pattern=DURATION, description="how long samples are kept, such as 15d")
    storage: str = Field(
        "10Gi", pattern=QUANTITY, description="size of Prometheus's volume; local volumes cannot grow later"
    )


class Size(Model):
    """A notebook size that users can choose."""

    name: str = Field(pattern=DNS_LABEL, description="name shown to the user")
    cpu: str = Field(pattern=QUANTITY, description="CPU request and limit")
    memory: str = Field(pattern=QUANTITY, description="memory request and limit")
    idle: str | None = Field(None, pattern=DURATION, description="as notebooks.idle, for this size; 2h suits GPUs")


class Notebooks(Model):
    """What users of notebooks can choose."""

    port: int = Field(30443, ge=30000, le=32767, description="port of the notebooks' page (TLS), on every node")
    sizes: list[Size] = Field(
        default_factory=lambda: [
            Size(name="small", cpu="500m", memory="1Gi"),
            Size(name="large", cpu="2", memory="4Gi"),
        ],
        description="CPU and memory to choose from",
    )
    volumes: list[str] = Field(default_factory=lambda: ["2Gi", "10Gi"], description="volume sizes to choose from")
    idle: str = Field(
        "12h", pattern=DURATION, description="how long a server may be idle before it is stopped; its volume stays"
    )


def _key_lines(value: Any) -> Any:
    """Return a list of keys as ssh-keygen reads them: one per line."""
    return "\n".join(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value


class Environment(Model):
    """The file environment.yaml."""

    name: str = Field(pattern=DNS_LABEL, description="the folder's name")
    release: str = Field(description="the release to install")
    domain: str = Field(
        description="DNS domain of the site's own names: api.<domain>, mirror.<domain>, notebooks.<domain>"
    )
    publisher: Annotated[str, BeforeValidator(_key_lines, json_schema_input_type=str | list[str])] = Field(
        description="public key of the publisher, who signs the bundles: ssh-ed25519 AAAA…; or a list of such keys"
    )
    profiles: list[str] = Field(default_factory=list, description="overlays, such as ha, applied in this order")
    bastion: Bastion = Field(description="the machine that runs the installer")
    network: Network = Field(description="address ranges")
    hosts: HostSettings = Field(default_factory=HostSettings, description="what Bedplate may change on the hosts")
    certificates: Certificates = Field(
        default_factory=Certificates, description="how long the cluster's certificates are valid, and their renewal"
    )
    time: Time = Field(default_factory=Time, description="time source")
    mirror: Mirror = Field(default_factory=Mirror, description="hosts that serve images in addition to the bastion")
    preflight: PreflightSettings = Field(
        default_factory=PreflightSettings, description="preflight findings that you accept"
    )
    tenants: list[Tenant] = Field(default_factory=list, description="departments and their namespaces")
    identity: IdentityProvider = Field(default_factory=IdentityProvider, description="who may log in")
    storage: Storage = Field(default_factory=Storage, description="where volumes are stored")
    monitoring: Monitoring = Field(
        default_factory=Monitoring, description="how long metrics are kept, and how much space they get"
    )
    notebooks: Notebooks = Field(default_factory=Notebooks, description="what users of notebooks can choose")
