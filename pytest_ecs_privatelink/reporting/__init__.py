"""Render what was found: matrix, JSON. Decides nothing."""
