"""What people write and what the lock says, typed: release, lock, component, environment, host."""
