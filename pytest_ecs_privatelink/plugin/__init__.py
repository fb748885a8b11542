"""The entry point: the only room that imports pytest."""
