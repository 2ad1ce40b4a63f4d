"""What a bastion has: installed releases, and the mirror that serves them."""
