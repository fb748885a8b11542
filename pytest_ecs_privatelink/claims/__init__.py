"""JUDGE THE WIRE: one file per claim; what it asks of a vantage and how the answers are judged."""
