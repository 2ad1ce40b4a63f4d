"""A Deployment as applied and as an API server returns it, for tests of drift."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from bedplate.core import digest
from bedplate.kube import object_id, secret_values
from bedplate.kube.change import path_text
from bedplate.kube.snapshot import Resource
from bedplate.object_drift.object_difference import ObjectDifference

Json = dict[str, Any]
NIGHT = "2026-11-22T03:14:00Z"
DEPLOYMENT: Json = yaml.safe_load("""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {bedplate.dev/component: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.test/web:1
        resources: {limits: {cpu: 1000m}}
        ports: [{containerPort: 8080}]
""")
OURS: Json = yaml.safe_load("""
f:metadata: {f:labels: {f:bedplate.dev/component: {}}}
f:spec:
  f:replicas: {}
  f:selector: {}
  f:template:
    f:metadata: {f:labels: {f:app: {}}}
    f:spec:
      f:containers:
        'k:{"name":"web"}':
          .: {}
          f:name: {}
          f:image: {}
          f:resources: {f:limits: {f:cpu: {}}}
          f:ports:
            'k:{"containerPort":8080,"protocol":"TCP"}': {.: {}, f:containerPort: {}}
""")
SERVER: Json = yaml.safe_load("""
metadata: {uid: 1-2, resourceVersion: "7", generation: 1, creationTimestamp: "2026-11-21T00:00:00Z"}
spec:
  progressDeadlineSeconds: 600
  revisionHistoryLimit: 10
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  template:
    metadata: {creationTimestamp: null}
    spec:
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
status: {readyReplicas: 2}
""")
CONTAINER: Json = {
    "imagePullPolicy": "IfNotPresent",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}


def merged(one: Json, other: Json) -> Json:
    """Return a mapping merged with the values of another."""
    both = copy.deepcopy(one)
    for key, value in other.items():
        known = both.get(key)
        both[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both


def entry(manager: str, fields: Json, operation: str = "Update", **more: str) -> Json:
    """Return an entry of managedFields."""
    return {"manager": manager, "operation": operation, "time": NIGHT, "fieldsV1": fields, **more}


def live(*entries: Json, ours: Json = OURS) -> Json:
    """Return the Deployment as the API server returns it."""
    value = merged(DEPLOYMENT, SERVER)
    (container,) = value["spec"]["template"]["spec"]["containers"]
    container |= CONTAINER
    container["resources"] = {"limits": {"cpu": "1"}}
    container["ports"][0]["protocol"] = "TCP"
    status = entry("kube-controller-manager", {"f:status": {"f:readyReplicas": {}}}, subresource="status")
    value["metadata"]["managedFields"] = [entry("bedplate", ours, "Apply"), status, *entries]
    return value


def resource(value: Json) -> Resource:
    """Return an object as a resource of a snapshot."""
    value = secret_values.hide(value)
    return Resource(object_id.of(value), digest.of(value), value, "shop")


def said(found: list[ObjectDifference]) -> list[tuple[str, str, Any, Any, Any, str]]:
    """Return the differences in a short form."""
    return [
        (
            str(one.cause),
            path_text(one.path),
            one.applied,
            one.live,
            one.desired,
            one.writer.manager if one.writer else "",
        )
        for one in found
    ]
