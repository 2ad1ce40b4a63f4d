"""The proof that a bundle is closed: what each kind of artifact asks for is in it."""
