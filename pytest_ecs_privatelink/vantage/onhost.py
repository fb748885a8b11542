"""The program on a host: a batch comes by stdin, a parcel goes to stdout, and nothing stays.

What has no answer in time is missing from it with a reason; the process ends at its deadline, with
its reader (a connection that was dropped), and by any signal.
"""

import asyncio
import math
import os
import select
import signal
import sys
import threading
from typing import NoReturn

from pytest_ecs_privatelink.records import RecordError, from_json
from pytest_ecs_privatelink.vantage.lines import in_lines
from pytest_ecs_privatelink.vantage.parcels import ParcelError, pack, take_one, unpack
from pytest_ecs_privatelink.vantage.pieces import leave
from pytest_ecs_privatelink.vantage.returns import Errand
from pytest_ecs_privatelink.vantage.rounds import Round

_NO_ERRAND, _BROKEN = 4, 5
_LONGEST_WAIT_S, _GRACE_S = 60, 10


def main() -> NoReturn:
    """Do the errand that stdin brings; exit with 0 where stdout has the answer, else say why."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(each, signal.SIG_DFL)
    signal.alarm(_LONGEST_WAIT_S)
    try:
        errand = from_json(Errand, unpack(take_one(sys.stdin)))
    except (ParcelError, RecordError) as error:
        _end(_NO_ERRAND, f"ecs-privatelink: the batch is not whole: {error}\n")
    # Whatever hangs, even in here, the kernel ends it.
    signal.alarm(math.ceil(errand.batch.deadline) + _GRACE_S)
    threading.Thread(target=_end_with_reader, daemon=True).start()
    try:
        text = _do(errand)
    except Exception as error:  # noqa: BLE001 - its text may be secret
        _end(_BROKEN, f"ecs-privatelink: the program itself failed: {type(error).__name__}\n")
    _end(0, text)


def _do(errand: Errand) -> str:
    # No `asyncio.run`: at its end that would wait for threads that nobody needs any more.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    returned = loop.run_until_complete(Round(errand).go())
    parcel = pack({**returned, "python": sys.version.split()[0]})
    if errand.line is not None:
        return in_lines(parcel, errand.line)
    if errand.most is None or len(parcel) <= errand.most:
        return parcel
    return leave(parcel, errand.most)


def _end_with_reader() -> None:
    """End the process when nobody is left to read its answer."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)  # errors and hang-ups are always told
    poll.poll()
    os._exit(_BROKEN)


def _end(status: int, text: str = "") -> NoReturn:
    """Say ``text``, where all went well to stdout, and end at once, threads or not."""
    stream = sys.stderr if status else sys.stdout
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        status = _BROKEN  # nobody listens
    os._exit(status)
