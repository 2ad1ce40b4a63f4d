"""The store of a bastion: installed releases, and the mirror tree that serves them."""
