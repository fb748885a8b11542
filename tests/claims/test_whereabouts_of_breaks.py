"""A chain that broke says with whom it was speaking, each fact once."""

import pytest
from chain_worlds import ADDRESSES, ended, proven
from claim_worlds import LOGS

from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link
from pytest_ecs_privatelink.verdict import Claim

AWSLOGS = Claim.AWSLOGS


@pytest.mark.parametrize(
    ("address", "detail", "words"),
    [
        (
            ADDRESSES["logs"],
            "no answer in phase request within 2 s",
            f"{LOGS} at {ADDRESSES['logs']}: no answer in phase request within 2 s",
        ),
        (
            None,
            f"{ADDRESSES['logs']}: no answer within 2.00 s",
            f"{LOGS}: no answer in phase request: {ADDRESSES['logs']}: no answer within 2.00 s",
        ),
    ],
)
def test_who_did_not_answer_is_named(address: str | None, detail: str, words: str) -> None:
    """Where a way broke, its host is told, and the address if one was spoken with: each once."""
    hops = (
        Hop(link=Link.GROUP, host="another"),
        Hop(link=Link.STREAM, host=LOGS, addresses=(ADDRESSES["logs"],), address=address),
    )
    vantage = ended(AWSLOGS, CallStatus.TIMEOUT, Link.STREAM, hops=hops, detail=detail)
    assert proven(AWSLOGS, vantage).observed == f"log group /ecs/app: stream: {words}"


def test_a_hop_of_another_link_is_not_blamed() -> None:
    """What broke before anything was sent broke with nobody."""
    hops = (Hop(link=Link.STREAM, host=LOGS, address=ADDRESSES["logs"]),)
    vantage = ended(AWSLOGS, CallStatus.TIMEOUT, Link.EVENT, hops=hops)
    assert proven(AWSLOGS, vantage).observed == (
        "log group /ecs/app: event: no answer in phase request"
    )
