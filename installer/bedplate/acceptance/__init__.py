"""The acceptance run: `bedplate verify` tests an environment as its users use it, and writes a report."""
