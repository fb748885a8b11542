"""Red cells and findings in, ranked causes with remedies out."""
