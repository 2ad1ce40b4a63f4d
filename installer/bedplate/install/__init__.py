"""The installer of a Bedplate bundle: run it on the bastion, it needs nothing but the bundle.

    python3 /media/bundle/install --publisher publisher.pub

The bundle has this folder as `install`. It needs Debian 12's python3 and an SSH client, and imports only
Python's standard library. It verifies the publisher's signature before it reads anything else, verifies
every blob while it copies it, and can be stopped and started again at any moment.
"""
