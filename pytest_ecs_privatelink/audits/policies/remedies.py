"""What mends a policy: the same one with one more statement, or where to look."""

import json
import shlex
from collections.abc import Iterable

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
    command = (
        *("aws", "ec2", "modify-vpc-endpoint", "--region", snapshot.region),
        *("--vpc-endpoint-id", endpoint.id, "--policy-document", json.dumps(policy)),
    )
    return Remedy((shlex.join(command),), _terraform(endpoint, service, policy))


def look_at(snapshot: Snapshot, endpoint: Endpoint, why: str) -> Remedy:
    """Return the command that shows the endpoint's policy; ``why`` says what to change there."""
    command = (
        *("aws", "ec2", "describe-vpc-endpoints", "--region", snapshot.region),
        *("--vpc-endpoint-ids", endpoint.id),
        *("--query", "VpcEndpoints[0].PolicyDocument", "--output", "text"),
    )
    return Remedy((f"# {why}", shlex.join(command)))


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
    # ${ and %{ would be Terraform's own.
    text = json.dumps(policy, indent=2).replace("${", "$${").replace("%{", "%%{")
    label = service.replace(".", "_").replace("-", "_")
    return "\n".join(
        (
            f'resource "aws_vpc_endpoint_policy" "{label}" {{',
            f'  vpc_endpoint_id = "{endpoint.id}"',
            f"  policy = jsonencode({text})".replace("\n", "\n  "),
            "}",
        )
    )
