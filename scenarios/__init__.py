"""THE PROOF: the bundled tests, one claim per test."""
