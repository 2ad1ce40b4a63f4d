"""What people write and what a lock says, typed: release, component, environment, hosts, and a bundle's files."""
