"""TOUCH THE WIRE: one attempt, named phases, one deadline. Collects; never judges."""
