"""Linux distributions of hosts: one folder per distribution."""
