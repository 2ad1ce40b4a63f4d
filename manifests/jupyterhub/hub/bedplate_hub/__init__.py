"""What Bedplate adds to JupyterHub: who logs in, and where their server may run."""
