"""Rendering: a release and an environment to Kubernetes objects and one HostSpec per host."""
