"""Running commands on the bastion over SSH: send the environment, forward the command, fetch reports."""
