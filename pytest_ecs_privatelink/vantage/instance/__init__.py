"""Container instances as vantages: reached through testinfra, asked in one round trip."""
