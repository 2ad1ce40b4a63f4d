# ruff: noqa: INP001  JupyterHub reads this file by its path; it is in no package
"""JupyterHub's configuration: fixed here, in the image; what differs between sites is in settings.yaml (a ConfigMap).

Reference: https://jupyterhub.readthedocs.io/en/stable/reference/config-reference.html
and https://jupyterhub-kubespawner.readthedocs.io/en/latest/spawner.html
"""

import os
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bedplate_hub import choices, placement  # noqa: E402  this file's folder is on the path only from here on
from bedplate_hub.authenticator import GroupAuthenticator  # noqa: E402  as above

SETTINGS = Path(os.environ.get("BEDPLATE_HUB_SETTINGS", "/etc/jupyterhub/settings.yaml"))
USERS = os.environ.get("BEDPLATE_HUB_USERS", "/etc/jupyterhub/users/users.yaml")
settings = yaml.safe_load(SETTINGS.read_bytes())

c = get_config()  # noqa: F821  JupyterHub gives it

# The hub and its proxy. Both secrets come from the environment: CONFIGPROXY_AUTH_TOKEN and JPY_COOKIE_SECRET.
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = settings["hub"]
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.public_url = settings["public"]
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = settings["proxy"]
c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite"
# A newer hub brings its database up to date when it starts, and keeps a copy of the old one next to it.
c.JupyterHub.upgrade_db = True
# Servers outlive a restart of the hub.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.last_activity_interval = 60

# Any user whom the provider knows may log in; the user's groups decide, at each start, where a server may run.
c.JupyterHub.authenticator_class = GroupAuthenticator
c.GroupAuthenticator.provider_kind = settings["provider"]
c.GroupAuthenticator.users_file = USERS
c.Authenticator.allow_all = True
c.Authenticator.manage_groups = True
c.Authenticator.refresh_pre_spawn = True

# Where a server runs. KubeSpawner watches each namespace with a watcher of its own,
# so the hub needs a Role in the tenants' namespaces, and no ClusterRole.
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.Spawner.options_form = placement.form(SETTINGS)
c.Spawner.options_from_form = choices.from_form
c.Spawner.apply_user_options = placement.apply(SETTINGS)
c.KubeSpawner.image = settings["image"]
c.KubeSpawner.image_pull_policy = "IfNotPresent"
# No command: the image says itself how its server starts.
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 120
c.Spawner.environment = {"HOME": "/home/jovyan", "USER": "jovyan", "SHELL": "/bin/bash"}

# Pod Security Standard "restricted": https://kubernetes.io/docs/concepts/security/pod-security-standards/
c.KubeSpawner.uid = 1000
c.KubeSpawner.gid = 100
c.KubeSpawner.fs_gid = 100
c.KubeSpawner.pod_security_context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
c.KubeSpawner.container_security_context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
c.KubeSpawner.priority_class_name = "bedplate-interactive"
c.KubeSpawner.extra_pod_config = {"enableServiceLinks": False}

# A volume per user and namespace, kept when the server stops and when the user goes.
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.delete_pvc = False
c.KubeSpawner.pvc_name_template = "notebook-{user_server}"
c.KubeSpawner.pod_name_template = "notebook-{user_server}"
c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
c.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}]
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/jovyan"}]
c.KubeSpawner.working_dir = "/home/jovyan"
