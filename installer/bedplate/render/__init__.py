"""Rendering: turns a release and an environment into Kubernetes objects and one HostSpec per host."""
