"""What a text of the table holds, and how its holes are filled."""

from typing import NamedTuple

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Explanation, Phase
from pytest_ecs_privatelink.verdict import Code


class Told(NamedTuple):
    """What a text is to come down to."""

    phase: Phase
    service: str | None
    code: Code | None
    network: bool
    denied_by: Denier | None = None
    action: str | None = None


class StopText(NamedTuple):
    """A text with holes for ``{account} {region} {address} {image} {secret}``."""

    number: str
    text: str
    told: Told


def told_of(found: Explanation) -> Told:
    """Return what the table says of a text, as it was explained."""
    return Told(
        found.phase, found.service, found.code, found.network, found.denied_by, found.action
    )


def filled(text: str, **holes: str) -> str:
    """Return ``text`` with usual things in its holes, or those that are given."""
    usual = {
        "account": "111122223333",
        "region": "eu-west-1",
        "address": "10.0.1.23",
        "image": "team/app",
        "secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3",
    }
    for name, value in {**usual, **holes}.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def after(how: str, host: str = "api.ecr.eu-west-1.amazonaws.com") -> str:
    """Return the text of a token that did not arrive because of ``how``."""
    return (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 "
        f'time(s): RequestError: send request failed caused by: Post "https://{host}/": {how}'
    )
