"""JUDGE THE SNAPSHOT: one file per subject, pure functions that yield findings."""
