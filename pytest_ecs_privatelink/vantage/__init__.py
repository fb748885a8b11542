"""FROM WHERE: the places that probes run from, and the broker that runs every cell once."""
