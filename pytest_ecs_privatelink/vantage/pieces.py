"""Parcels that are longer than a channel shows: left on the host, and fetched piece by piece.

The first piece is what the program prints; it names the file that holds the whole, which is made
for nobody else to read, in memory where the host has ``/dev/shm``. `More` is what the controller
knows after each piece: the command that brings the next one. The last one removes the file, and a
sleeper on the host does so where nobody asks any more. Travels to hosts.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field

from pytest_ecs_privatelink.vantage.parcels import ParcelError, digest_of, remark

KEPT_S = 120
"""How long a host keeps what was not fetched."""

_NAME = "ECS PRIVATELINK PIECE"
_END = f"-----END {_NAME}-----"
_PREFIX = "ecs-privatelink-"
_BEGIN = re.compile(
    rf"-----BEGIN {_NAME} (?P<path>/(?:[\w-]+/){{0,9}}{_PREFIX}\w+) (?P<place>\d{{1,8}})"
    r" (?P<share>\d{1,8}) (?P<length>\d{1,8}) (?P<digest>[0-9a-f]{64})-----\r?\n",
    re.ASCII,
)
# What a piece's own two lines take, with a long path.
_FRAME = 400
_MOST_PIECES = 100
# It ends soon after what it watches is gone.
_SLEEPER = (
    f'n=0; while [ -e "$0" ] && [ $n -lt {KEPT_S // 2} ]; do sleep 2; n=$((n+1)); done; rm -f "$0"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """The rest of an answer lies on the host: run ``command`` there, and read on with its output.

    ``text`` is what came so far of ``length`` characters, whose SHA-256 is ``digest``.
    """

    command: str
    text: str = field(repr=False)
    length: int
    digest: str


def leave(parcel: str, most: int) -> str:
    """Keep ``parcel`` on this host for a while; return its first piece, of ``most`` characters."""
    import tempfile  # late: few answers are so long, and it costs hosts a tenth of their start

    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108
    handle, path = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
    # First of all, so that nothing stays behind whatever happens from here on.
    subprocess.Popen(  # noqa: S603 - our own words, and a path that we made
        ["/bin/sh", "-c", _SLEEPER, path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with open(handle, "w", encoding="ascii") as kept:
        kept.write(parcel)
    share = max(most - _FRAME, -(-len(parcel) // _MOST_PIECES))
    head = _head(path, 0, share, len(parcel), digest_of(parcel))
    return f"{head}\n{parcel[:share]}\n{_END}\n"


def read_piece(output: str, before: More | None) -> More | str:
    """Return what is known with ``output``: `More`, a whole parcel, or what is no piece, as it is.

    Raises `ParcelError` where it is not the piece that was to come.
    """
    begin = _BEGIN.search(output)
    if begin is None:
        if before is None:
            return output
        kept = f"a host keeps it for {KEPT_S} s"
        raise ParcelError(f"the rest of the answer did not come back ({kept}){remark(output)}")
    path, digest = begin["path"], begin["digest"]
    place, share, length = (int(begin[name]) for name in ("place", "share", "length"))
    text = "" if before is None else before.text
    if share * _MOST_PIECES < length:
        raise ParcelError("the answer comes in more pieces than there may be")
    if place != len(text) or (before and (length, digest) != (before.length, before.digest)):
        raise ParcelError("a piece came that is not the next one of the answer")
    inside, ended, _ = output[begin.end() :].replace("\r\n", "\n").partition(f"\n{_END}")
    expected = min(share, length - place)
    if not ended or len(inside) != expected:
        raise ParcelError(f"a piece of the answer is cut off after {len(inside)} of {expected}")
    text += inside
    if len(text) == length:
        return text  # a parcel has a checksum of its own
    command = _show(path, len(text), share, length, digest)
    return More(command=command, text=text, length=length, digest=digest)


def _head(path: str, place: int, share: int, length: int, digest: str) -> str:
    return f"-----BEGIN {_NAME} {path} {place} {share} {length} {digest}-----"


def _show(path: str, place: int, share: int, length: int, digest: str) -> str:
    """Return the command that shows the piece at ``place``; the last one removes the file."""
    shown = (
        f"test -f {path} && echo '{_head(path, place, share, length, digest)}'"
        f" && tail -c +{place + 1} {path} | head -c {share} && echo && echo '{_END}'"
    )
    return f"{shown}; rm -f {path}" if place + share >= length else shown
