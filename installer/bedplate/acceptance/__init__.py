"""The acceptance run: what `bedplate verify` asks of an environment, and the report of the answers."""
