"""What botocore would write of a request's signature is in no log, and only while we call."""

import logging

import pytest
from logs_cloud import LogsCloud

from pytest_ecs_privatelink.targets.discretion import NOTHING, discreet


def test_signed_requests_are_not_logged(logs: LogsCloud, caplog: pytest.LogCaptureFixture) -> None:
    """At level DEBUG everything is written before and after, and nothing in between."""
    caplog.set_level(logging.DEBUG)

    logs.session.client("logs").describe_log_groups()
    assert "AWS4-HMAC-SHA256" in caplog.text
    caplog.clear()
    with discreet():
        logs.session.client("logs").describe_log_groups()
    assert caplog.text == ""
    logs.session.client("logs").describe_log_groups()
    assert "AWS4-HMAC-SHA256" in caplog.text


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.ERROR])
def test_levels_are_given_back(level: int) -> None:
    """Whoever chose a level keeps it, also where the call fails, and is never told more."""
    logger = logging.getLogger("botocore")
    before = logger.level
    logger.setLevel(level)
    try:
        with discreet():
            assert logger.level >= max(level, logging.INFO)
        with pytest.raises(OSError, match="gone"), discreet():
            raise OSError("gone")
        assert logger.level == level
    finally:
        logger.setLevel(before)


def test_two_threads_want_it_together() -> None:
    """The stricter one is heeded while it lasts, and the last one gives the level back."""
    logger = logging.getLogger("botocore")
    before = logger.level
    first, second = discreet(), discreet(NOTHING)
    first.__enter__()
    second.__enter__()
    assert logger.level == NOTHING
    first.__exit__(None, None, None)
    assert logger.level == NOTHING
    second.__exit__(None, None, None)
    assert logger.level == before
