"""An environment: one datacenter (inventory/<environment>/environment.yaml)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bedplate.config.base import Model

DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"


class Bastion(Model):
    """The machine inside the gap that runs the installer."""

    host: str = Field(description="its name in hosts.yaml")
    address: str = Field(
        "", description="where commands typed elsewhere are forwarded to: [user@]host; empty: hosts.yaml's"
    )
    identity: str = Field(
        "", description="SSH private key for that, on the machine where one types; empty: SSH's own choice"
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
    """What may be changed on the hosts."""

    kernel: Literal["managed", "external"] = Field(
        "managed", description="who owns kernel settings, swap, modules and clock; external: check and report only"
    )
    oom_score: Literal["managed", "restricted"] = Field(
        "managed", alias="oomScore", description="restricted where the hosts may not lower OOM scores"
    )
    cgroup_driver: Literal["systemd", "cgroupfs"] = Field(
        "systemd", alias="cgroupDriver", description="who manages the cgroups of pods"
    )


class Time(Model):
    """Where the hosts have the time from."""

    servers: list[str] = Field(default_factory=list, description="NTP servers; empty: the bastion is the source")


class AcceptedFinding(Model):
    """A preflight finding that is known and accepted."""

    id: str = Field(description="the finding's id, such as swap-on")
    reason: str = Field(description="a sentence: why it is accepted here")


class Preflight(Model):
    """How the check before any change is judged."""

    accept: list[AcceptedFinding] = Field(
        default_factory=list, description="findings accepted here, each with a reason"
    )


class Quota(Model):
    """What a tenant's namespace may use at most."""

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
        "restricted", alias="podSecurity", description="Pod Security Standard that is enforced"
    )


class TenantGroups(Model):
    """Groups of the identity provider, by what they may do in the tenant's namespaces."""

    admins: list[str] = Field(
        default_factory=list, description="may manage everything but quotas and policies (role admin)"
    )
    users: list[str] = Field(default_factory=list, description="may run notebooks and workloads (role edit)")
    viewers: list[str] = Field(default_factory=list, description="may look (role view)")


class Mirror(Model):
    """Who serves images besides the bastion."""

    replicas: Literal["none", "control_plane"] = Field(
        "none", description="control_plane: each of these hosts keeps all images and serves them, too"
    )


class Tenant(Model):
    """A department; it owns namespaces."""

    name: str = Field(pattern=DNS_LABEL, description="short name")
    owner: str = Field(description="who answers for it: a mail address or a name in the CMDB")
    groups: TenantGroups = Field(default_factory=TenantGroups, description="who may do what")
    namespaces: list[TenantNamespace] = Field(min_length=1, description="its namespaces")


class Identity(Model):
    """Who may log in; an interface shaped like OIDC and LDAP, with a local file as one provider."""

    provider: Literal["file"] = Field("file", description="file: scrypt hashes and groups, for small sites and the lab")
    users: str = Field(
        "", description="for file: the users file's place on the bastion; empty: one administrator is made"
    )


class Storage(Model):
    """Where volumes live."""

    path: str = Field("/var/lib/bedplate-volumes", description="folder on every worker for local volumes")


class Monitoring(Model):
    """How long and how much is kept."""

    retention: str = Field("15d", pattern=r"^[0-9]+[hdwy]$", description="age of the oldest sample")
    storage: str = Field("10Gi", pattern=QUANTITY, description="Prometheus' volume")


class Size(Model):
    """A choice a notebook user has."""

    name: str = Field(pattern=DNS_LABEL, description="name shown to the user")
    cpu: str = Field(pattern=QUANTITY, description="CPU request and limit")
    memory: str = Field(pattern=QUANTITY, description="memory request and limit")


class Notebooks(Model):
    """What notebook users may choose."""

    port: int = Field(
        30443, ge=30000, le=32767, description="port on every node where the notebooks' page answers (TLS)"
    )
    sizes: list[Size] = Field(
        default_factory=lambda: [
            Size(name="small", cpu="500m", memory="1Gi"),
            Size(name="large", cpu="2", memory="4Gi"),
        ],
        description="CPU and memory choices",
    )
    volumes: list[str] = Field(default_factory=lambda: ["2Gi", "10Gi"], description="volume size choices")


def _lines(value: Any) -> Any:
    """Write a list of keys as ssh-keygen reads them: one a line."""
    return "\n".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


class Environment(Model):
    """The file environment.yaml."""

    name: str = Field(pattern=DNS_LABEL, description="the folder's name")
    release: str = Field(description="the release installed here")
    domain: str = Field(
        description="DNS domain of the site's own names: api.<domain>, mirror.<domain>, notebooks.<domain>"
    )
    publisher: Annotated[str, BeforeValidator(_lines, json_schema_input_type=str | list[str])] = Field(
        description="the publisher's public key that bundles must be signed with: ssh-ed25519 AAAA…, or several"
    )
    profiles: list[str] = Field(default_factory=list, description="overlays, in this order")
    bastion: Bastion = Field(description="the machine that runs the installer")
    network: Network = Field(description="address ranges")
    hosts: HostSettings = Field(default_factory=HostSettings, description="what may be changed on the hosts")
    time: Time = Field(default_factory=Time, description="clock source")
    mirror: Mirror = Field(default_factory=Mirror, description="who serves images besides the bastion")
    preflight: Preflight = Field(default_factory=Preflight, description="the check before any change")
    tenants: list[Tenant] = Field(default_factory=list, description="departments and their namespaces")
    identity: Identity = Field(default_factory=Identity, description="who may log in")
    storage: Storage = Field(default_factory=Storage, description="where volumes live")
    monitoring: Monitoring = Field(default_factory=Monitoring, description="how long samples are kept")
    notebooks: Notebooks = Field(default_factory=Notebooks, description="what notebook users may choose")
