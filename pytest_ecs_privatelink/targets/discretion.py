"""Keep what botocore writes at log level DEBUG out of everybody's logs while we call AWS.

It quotes requests as they are signed, session tokens included, and answers as they come, those
with credentials or secret values included. Many a pytest.ini says ``log_level = DEBUG``. Where
credentials are fetched it warns, too, with all that a credential process said.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator

NOTHING = logging.CRITICAL + 1
_TALKATIVE = ("botocore", "boto3", "urllib3")
# Loggers' levels are the process's own, so what is wanted of them is, too.
_ALONE = threading.Lock()
_WANTED: list[int] = []
_LEVELS: dict[str, int] = {}


@contextlib.contextmanager
def discreet(least: int = logging.INFO) -> Iterator[None]:
    """Have these loggers pass nothing below ``least`` meanwhile, in all threads together."""
    with _ALONE:
        if not _WANTED:
            _LEVELS.update({name: logging.getLogger(name).level for name in _TALKATIVE})
        _WANTED.append(least)
        _quieten()
    try:
        yield
    finally:
        with _ALONE:
            _WANTED.remove(least)
            _quieten()


def _quieten() -> None:
    """Set each logger to the strictest that is wanted; to its own level where nothing is."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(_LEVELS[name])
        if _WANTED:
            logger.setLevel(max(logger.getEffectiveLevel(), *_WANTED))
