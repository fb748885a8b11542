"""WHAT EXISTS: one VPC as frozen records, how it is read, and what follows from it."""
