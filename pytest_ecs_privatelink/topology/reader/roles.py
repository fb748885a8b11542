"""Execution roles: what their policies say, inline ones and attached ones alike."""

import json
from collections.abc import Iterator

from pytest_ecs_privatelink.topology.cluster import Role
from pytest_ecs_privatelink.topology.reader.scope import Scope
from pytest_ecs_privatelink.topology.reader.wire import Refused


def read_role(scope: Scope, arn: str) -> Role | None:
    """Return the role with its policies as JSON texts; None where it was deleted."""
    try:
        return Role(arn=arn, policies=tuple(_policies(scope, arn.rpartition("/")[2])))
    except Refused as refused:
        if refused.code == "NoSuchEntity":
            return None
        raise


def _policies(scope: Scope, role: str) -> Iterator[str]:
    wire = scope.wire
    for name in wire.records("iam", "ListRolePolicies", "PolicyNames", str, RoleName=role):
        yield wire.answer(
            "iam",
            "GetRolePolicy",
            lambda answer: _text(answer["PolicyDocument"]),
            RoleName=role,
            PolicyName=name,
        )
    attached = wire.records(
        "iam",
        "ListAttachedRolePolicies",
        "AttachedPolicies",
        lambda raw: str(raw["PolicyArn"]),
        RoleName=role,
    )
    for arn in attached:
        yield _attached(scope, arn)


def _attached(scope: Scope, arn: str) -> str:
    version = scope.wire.answer(
        "iam",
        "GetPolicy",
        lambda answer: str(answer["Policy"]["DefaultVersionId"]),
        PolicyArn=arn,
    )
    return scope.wire.answer(
        "iam",
        "GetPolicyVersion",
        lambda answer: _text(answer["PolicyVersion"]["Document"]),
        PolicyArn=arn,
        VersionId=version,
    )


def _text(document: object) -> str:
    """Return a policy as text: botocore has decoded it already, where it was JSON."""
    return document if isinstance(document, str) else json.dumps(document)
