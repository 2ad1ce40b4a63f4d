"""Install a Bedplate bundle on the bastion, from the bundle alone.

    python3 /media/bundle/install --publisher publisher.pub

This folder is carried in the bundle as `install`; it needs Debian 12's python3 and an SSH client, and
imports nothing but Python's standard library. It proves the publisher's signature before it reads
anything else, copies every blob once while it verifies it, and may be stopped and started again at any
moment.
"""
