"""A question to the API server: may members of a group do something in a namespace?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """An action of a group's member in a namespace, which the API server allows or denies.

    Attributes:
        group: the group; its member is fictitious.
        verb: such as get or create.
        resource: kubectl's name, such as pods or rolebindings.rbac.authorization.k8s.io.
        namespace: the namespace.
    """

    group: str
    verb: str
    resource: str
    namespace: str

    def review(self) -> dict[str, Any]:
        """Return the question as a SubjectAccessReview (authorization.k8s.io/v1)."""
        resource, _, api = self.resource.partition(".")
        attributes = {"namespace": self.namespace, "verb": self.verb, "group": api, "resource": resource}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": "bedplate-acceptance", "groups": [self.group], "resourceAttributes": attributes},
        }
