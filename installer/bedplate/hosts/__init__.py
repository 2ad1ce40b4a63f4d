"""Hosts over SSH: connections, Ansible, and the checks before an installation."""
