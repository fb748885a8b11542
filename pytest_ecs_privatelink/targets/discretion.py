"""Keep what botocore writes at log level DEBUG out of everybody's logs while we call AWS.

It quotes requests as they are signed, session tokens included, and answers as they come, those
with credentials or secret values included. Many a pytest.ini says ``log_level = DEBUG``. Where
credentials are fetched it warns, too, with all that a credential process said.
"""

import contextlib
import logging
from collections.abc import Iterator

NOTHING = logging.CRITICAL + 1
_TALKATIVE = ("botocore", "boto3", "urllib3")


@contextlib.contextmanager
def discreet(least: int = logging.INFO) -> Iterator[None]:
    """Have these loggers pass nothing below ``least`` meanwhile. Not for two threads at once."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.getEffectiveLevel(), least))
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
