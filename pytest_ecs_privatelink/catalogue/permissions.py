"""Every action that the plugin calls, and the IAM policies that allow exactly these.

``python -m pytest_ecs_privatelink.catalogue.permissions`` prints the full policy, with
``--read-only`` the one that suffices for ``--ecs-read-only``, with ``--ssm`` what
``--ecs-connect ssm://{instance_id}`` takes besides either. ``docs/iam-policy.json``,
``docs/iam-policy-read-only.json`` and ``docs/iam-policy-ssm.json`` are made so; tests hold the
table against recorded calls.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from pytest_ecs_privatelink.catalogue.marks import MARK, RUN_TAG

_STREAMS = f"arn:aws:logs:*:*:log-group:*:log-stream:{MARK}/*"
_GROUPS = f"arn:aws:logs:*:*:log-group:{MARK}/*"
_TASKS = "arn:aws:ecs:*:*:task/*"
_DEFINITIONS = f"arn:aws:ecs:*:*:task-definition/{MARK}-*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Actions that belong together, on ``resources``; ``writes``: read-only runs do without.

    ``implied`` are not called, but taken by one that is; ``condition`` is that of the statement.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    writes: bool = False
    implied: tuple[str, ...] = ()
    condition: tuple[str, str, str | tuple[str, ...]] | None = None


STATEMENTS = (
    Statement(
        sid="ReadOneVpc",
        actions=(
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeNatGateways",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribePrefixLists",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTransitGatewayVpcAttachments",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcBlockPublicAccessExclusions",
            "ec2:DescribeVpcBlockPublicAccessOptions",
            "ec2:DescribeVpcEndpointServices",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcPeeringConnections",
            "ec2:DescribeVpcs",
            "ec2:GetManagedPrefixListEntries",
            "route53:ListHostedZonesByVPC",
            "route53:ListResourceRecordSets",
            "route53profiles:ListProfileAssociations",
            "route53resolver:ListFirewallRuleGroupAssociations",
            "route53resolver:ListResolverRuleAssociations",
            "route53resolver:ListResolverRules",
        ),
    ),
    Statement(
        sid="ReadOneCluster",
        actions=(
            "ecs:DescribeClusters",
            "ecs:DescribeContainerInstances",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:ListClusters",
            "ecs:ListContainerInstances",
            "ecs:ListServices",
            "elasticfilesystem:DescribeMountTargetSecurityGroups",
            "elasticfilesystem:DescribeMountTargets",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        ),
    ),
    Statement(
        sid="PullImages",
        actions=(
            "ecr:BatchGetImage",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
        ),
    ),
    Statement(
        sid="FetchSecrets",
        actions=("secretsmanager:GetSecretValue", "ssm:GetParameters"),
    ),
    Statement(sid="FindLogStreams", actions=("logs:DescribeLogStreams",)),
    Statement(sid="FindLogGroups", actions=("logs:DescribeLogGroups",), writes=True),
    # CreateLogStream, too, is judged by the stream's ARN, as AWS's refusals show.
    Statement(
        sid="DeliverToOwnLogStreams",
        actions=(
            "logs:CreateLogStream",
            "logs:DeleteLogStream",
            "logs:GetLogEvents",
            "logs:PutLogEvents",
        ),
        resources=(_STREAMS,),
        writes=True,
    ),
    Statement(
        sid="MakeOwnLogGroup",
        actions=("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
        resources=(_GROUPS,),
        writes=True,
        implied=("logs:TagResource",),  # CreateLogGroup with tags takes it
    ),
    # Registering a task definition is not judged by its name [Service Authorization Reference].
    Statement(
        sid="MakeTaskDefinitions",
        actions=(
            "ecs:DeregisterTaskDefinition",
            "ecs:ListTaskDefinitionFamilies",
            "ecs:ListTaskDefinitions",
            "ecs:RegisterTaskDefinition",
        ),
        writes=True,
    ),
    Statement(
        sid="FollowTasks",
        actions=("ecs:DescribeTasks", "ecs:ListTasks"),
        writes=True,
    ),
    # Nobody else's: all that runs start carries the tag from its first moment.
    Statement(
        sid="StopOwnTasks",
        actions=("ecs:StopTask",),
        resources=(_TASKS,),
        writes=True,
        condition=("Null", f"aws:ResourceTag/{RUN_TAG}", "false"),
    ),
    Statement(
        sid="StartOwnTasks", actions=("ecs:RunTask",), resources=(_DEFINITIONS,), writes=True
    ),
    # RunTask and RegisterTaskDefinition with tags take it. Without the condition, whoever has this
    # could tag the tasks of others, and then stop them [ECS guide, supported-iam-actions-tagging].
    Statement(
        sid="TagOwnTasks",
        actions=(),
        implied=("ecs:TagResource",),
        resources=(_TASKS, _DEFINITIONS),
        writes=True,
        condition=("StringEquals", "ecs:CreateAction", ("RegisterTaskDefinition", "RunTask")),
    ),
    Statement(
        sid="PassExecutionRole",
        actions=(),
        implied=("iam:PassRole",),
        writes=True,
        condition=("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com"),
    ),
)

SSM_STATEMENTS = (
    # Whoever may send commands is root there: nobody gets this who does not ask for it.
    Statement(
        sid="RunCommands",
        actions=("ssm:SendCommand",),
        resources=(
            "arn:aws:ec2:*:*:instance/*",
            "arn:aws:ssm:*:*:document/AWS-RunShellScript",
        ),
    ),
    Statement(
        sid="FollowCommands",
        actions=("ssm:CancelCommand", "ssm:GetCommandInvocation"),
    ),
)


def called(*, read_only: bool = False) -> frozenset[str]:
    """Return the actions that a run (with ``read_only``: one that creates nothing) may call."""
    return frozenset(action for each in _chosen(read_only) for action in each.actions)


def called_for_ssm() -> frozenset[str]:
    """Return the actions that are called besides, where instances are reached by ``ssm://``."""
    return frozenset(action for each in SSM_STATEMENTS for action in each.actions)


def policy(*, read_only: bool = False) -> dict[str, Any]:
    """Return the IAM policy document that allows what is called, and nothing else."""
    return _document(_chosen(read_only))


def _document(statements: tuple[Statement, ...]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [_statement(each) for each in statements],
    }


def _statement(each: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Sid": each.sid,
        "Effect": "Allow",
        "Action": sorted(each.actions + each.implied),
        "Resource": each.resources[0] if len(each.resources) == 1 else [*each.resources],
    }
    if each.condition is not None:
        operator, key, value = each.condition
        found["Condition"] = {operator: {key: value}}
    return found


def text(*, read_only: bool = False, ssm: bool = False) -> str:
    """Return the policy as a file holds it; with ``ssm``, what is called for that alone."""
    document = _document(SSM_STATEMENTS) if ssm else policy(read_only=read_only)
    return json.dumps(document, indent=2) + "\n"


def _chosen(read_only: bool) -> tuple[Statement, ...]:
    return tuple(each for each in STATEMENTS if not (read_only and each.writes))


if __name__ == "__main__":
    _said = sys.argv[1:]
    sys.stdout.write(text(read_only="--read-only" in _said, ssm="--ssm" in _said))
