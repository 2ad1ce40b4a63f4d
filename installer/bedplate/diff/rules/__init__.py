"""Rules that give a change its consequence, as data in data/*.yaml and in components."""
