"""The credentials that the lab's cloud accepts: any would do.

They are words that stand nowhere else, since they are masked wherever they are told.
"""

ACCESS_KEY = "labs-access-key"
SECRET_KEY = "labs-secret-key"  # noqa: S105
SESSION_TOKEN = "labs-session-token"  # noqa: S105
