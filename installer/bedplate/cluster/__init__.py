"""The cluster: kubectl, and one Pulumi stack per layer that applies rendered objects."""

import os

# Pulumi's gRPC server has threads in this process, and ansible-runner forks it. gRPC's own handlers of forks touch
# those threads in the child, which then fails now and then before it becomes Ansible (6 of 150 on a busy computer).
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
