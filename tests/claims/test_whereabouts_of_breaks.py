"""A chain that broke says with whom it was speaking, each fact once."""

import pytest
from chain_worlds import ADDRESSES, ended, proven
from claim_worlds import LOGS

from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link
from pytest_ecs_privatelink.verdict import Claim

AWSLOGS = Claim.AWSLOGS


ADDRESS = ADDRESSES["logs"]


@pytest.mark.parametrize(
    ("status", "address", "detail", "words"),
    [
        (
            CallStatus.TIMEOUT,
            ADDRESS,
            "no answer in phase request within 2 s",
            f"{LOGS} at {ADDRESS}: no answer in phase request within 2 s",
        ),
        (
            CallStatus.TIMEOUT,
            None,
            f"{ADDRESS}: no answer within 2 s",
            f"{LOGS}: {ADDRESS}: no answer within 2 s",
        ),
        (
            CallStatus.REFUSED,
            None,
            f"{ADDRESS}: ECONNREFUSED: Connection refused",
            f"{LOGS}: {ADDRESS}: ECONNREFUSED: Connection refused",
        ),
        (
            CallStatus.UNREACHABLE,
            None,
            f"{ADDRESS}: EHOSTUNREACH: No route to host",
            f"{LOGS}: unreachable: {ADDRESS}: EHOSTUNREACH: No route to host",
        ),
    ],
)
def test_who_did_not_answer_is_named(
    status: CallStatus, address: str | None, detail: str, words: str
) -> None:
    """Where a way broke, its host is told, and the address if one was spoken with: each once."""
    hops = (
        Hop(link=Link.GROUP, host="another"),
        Hop(link=Link.STREAM, host=LOGS, addresses=(ADDRESS,), address=address),
    )
    vantage = ended(AWSLOGS, status, Link.STREAM, hops=hops, detail=detail)
    assert proven(AWSLOGS, vantage).observed == f"log group /ecs/app: stream: {words}"


def test_a_hop_of_another_link_is_not_blamed() -> None:
    """What broke before anything was sent broke with nobody."""
    hops = (Hop(link=Link.STREAM, host=LOGS, address=ADDRESS),)
    vantage = ended(AWSLOGS, CallStatus.TIMEOUT, Link.EVENT, hops=hops)
    assert proven(AWSLOGS, vantage).observed == (
        "log group /ecs/app: event: no answer in phase request"
    )
