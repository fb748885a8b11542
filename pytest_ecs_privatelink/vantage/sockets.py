"""Where private folders for Unix sockets may be made: the path of a socket has little room."""

import os
import tempfile

# A Unix socket's path has 108 bytes, its end included (unix(7)): this, and up to 51 for the names
# of our folders and of the files in them.
_LONGEST_PARENT = 56


def place_for_sockets() -> str | None:
    """Return the folder to make folders with sockets in: None for the usual one, unless it is long.

    Bytes count, not characters.
    """
    long = len(os.fsencode(tempfile.gettempdir())) > _LONGEST_PARENT
    return "/tmp" if long else None  # noqa: S108  (private folders, of mode 0700, are made in it)
