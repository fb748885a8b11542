"""WHICH AWS: sessions, endpoint addresses, trust, and what each target can prove."""
