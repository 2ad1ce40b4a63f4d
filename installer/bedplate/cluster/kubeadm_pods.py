"""Pods that kubeadm creates in the cluster: no release renders them."""

NAMESPACE = "kube-system"
LABELS = ("tier=control-plane", "k8s-app=kube-proxy")
"""Of the static pods, and of kube-proxy."""
