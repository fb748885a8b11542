"""Container instances as vantages: each is asked all questions in one round trip by testinfra."""
