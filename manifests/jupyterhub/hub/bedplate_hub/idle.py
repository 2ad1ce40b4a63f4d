"""When a notebook server stops because nobody uses it: options of Jupyter Server.

The server itself decides, not the hub, because only the server knows which kernels are busy: a computation of
many hours that prints nothing is not idle.

Reference: https://jupyter-server.readthedocs.io/en/latest/other/full-config.html
"""

# The longest wait between two looks, and the longest that a server stays once its last kernel has stopped.
INTERVAL = 300
LINGER = 3600


def arguments(seconds: int) -> list[str]:
    """Return the options that stop kernels and terminals after so many idle seconds, and then the server."""
    interval = min(seconds, INTERVAL)
    return [
        f"--MappingKernelManager.cull_idle_timeout={seconds}",
        f"--MappingKernelManager.cull_interval={interval}",
        # An open browser tab is not a person.
        "--MappingKernelManager.cull_connected=True",
        f"--TerminalManager.cull_inactive_timeout={seconds}",
        f"--TerminalManager.cull_interval={interval}",
        f"--ServerApp.shutdown_no_activity_timeout={min(seconds, LINGER)}",
    ]
