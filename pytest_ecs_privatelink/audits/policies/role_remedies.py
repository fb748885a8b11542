"""What mends an execution role's conditions."""

import json

from pytest_ecs_privatelink.audits.commands import command, encoded, label
from pytest_ecs_privatelink.audits.policies.needs import Ask
from pytest_ecs_privatelink.audits.policies.tasks import name_of
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Remedy

_POLICY = "ecs-through-endpoints"


def look_at_role(snapshot: Snapshot, role: str, why: str) -> Remedy:
    """Return the commands that list the role's policies; ``why`` says what to change there.

    IAM has no Regions, but each partition has its own: the Region tells which one.
    """
    name = ("--role-name", name_of(role))
    return Remedy(
        (
            f"# {why}",
            command(snapshot.region, "iam", "list-role-policies", *name),
            command(snapshot.region, "iam", "list-attached-role-policies", *name),
        )
    )


def right_conditions(snapshot: Snapshot, role: str, asks: tuple[Ask, ...]) -> Remedy:
    """Return one more policy for the role: what is denied, from this VPC, by whatever endpoint.

    As in AWS's example, the token and logs are allowed without condition.
    """
    loose = tuple(ask for ask in asks if _is_loose(ask))
    tied = tuple(ask for ask in asks if not _is_loose(ask))
    condition = {"StringEquals": {"aws:SourceVpc": snapshot.vpc.id}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            *([_statement(loose)] if loose else []),
            *([{**_statement(tied), "Condition": condition}] if tied else []),
        ],
    }
    put = command(
        *(snapshot.region, "iam", "put-role-policy", "--role-name", name_of(role)),
        *("--policy-name", _POLICY, "--policy-document", json.dumps(policy)),
    )
    terraform = (
        f'resource "aws_iam_role_policy" "{label(_POLICY)}" {{',
        f'  name   = "{_POLICY}"',
        f'  role   = "{name_of(role)}"',
        f"  policy = {encoded(policy)}",
        "}",
    )
    return Remedy((put,), "\n".join(terraform))


def _is_loose(ask: Ask) -> bool:
    return ask.action.startswith(("ecr:GetAuthorizationToken", "logs:"))


def _statement(asks: tuple[Ask, ...]) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Action": list(dict.fromkeys(ask.action for ask in asks)),
        "Resource": list(dict.fromkeys(ask.resource for ask in asks)),
    }
