"""What mends a policy: the same one with one more statement, or where to look."""

import json
from collections.abc import Iterable

from pytest_ecs_privatelink.audits.commands import aws, encoded, label
from pytest_ecs_privatelink.audits.policies.document import raw_statements, version_of
from pytest_ecs_privatelink.audits.policies.needs import Ask
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot
from pytest_ecs_privatelink.verdict import Remedy


def allow_too(snapshot: Snapshot, endpoint: Endpoint, service: str, asks: Iterable[Ask]) -> Remedy:
    """Return what keeps the statements of the endpoint's policy and allows ``asks`` as well."""
    text = endpoint.policy or "{}"
    policy: dict[str, object] = {
        "Version": version_of(text),
        "Statement": [*raw_statements(text), _statement(tuple(asks))],
    }
    modify = aws(
        snapshot,
        *("modify-vpc-endpoint", "--vpc-endpoint-id", endpoint.id),
        *("--policy-document", json.dumps(policy)),
    )
    return Remedy((modify,), _terraform(endpoint, service, policy))


def look_at(snapshot: Snapshot, endpoint: Endpoint, why: str) -> Remedy:
    """Return the command that shows the endpoint's policy; ``why`` says what to change there."""
    show = aws(
        snapshot,
        *("describe-vpc-endpoints", "--vpc-endpoint-ids", endpoint.id),
        *("--query", "VpcEndpoints[0].PolicyDocument", "--output", "text"),
    )
    return Remedy((f"# {why}", show))


def _statement(asks: tuple[Ask, ...]) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": _one_or_all(ask.action for ask in asks),
        "Resource": _one_or_all(ask.resource for ask in asks),
    }


def _one_or_all(texts: Iterable[str]) -> str | list[str]:
    found = list(dict.fromkeys(texts))
    return found[0] if len(found) == 1 else found


def _terraform(endpoint: Endpoint, service: str, policy: dict[str, object]) -> str:
    return "\n".join(
        (
            f'resource "aws_vpc_endpoint_policy" "{label(service)}" {{',
            f'  vpc_endpoint_id = "{endpoint.id}"',
            f"  policy = {encoded(policy)}",
            "}",
        )
    )
