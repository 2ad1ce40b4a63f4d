"""A question to the API server: may somebody of a group do something in a namespace?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Something that somebody of a group may do in a namespace, or may not.

    Attributes:
        group: the group; its member is made up.
        verb: such as get or create.
        resource: by kubectl's name, such as pods or rolebindings.rbac.authorization.k8s.io.
        namespace: where.
    """

    group: str
    verb: str
    resource: str
    namespace: str

    def review(self) -> dict[str, Any]:
        """Return the SubjectAccessReview (authorization.k8s.io/v1) that asks this."""
        resource, _, api = self.resource.partition(".")
        attributes = {"namespace": self.namespace, "verb": self.verb, "group": api, "resource": resource}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": "bedplate-acceptance", "groups": [self.group], "resourceAttributes": attributes},
        }
