"""The audit of execution roles whose conditions leave out what calls come through (R6)."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import OWNER, REGION, VPC, heads, scene, without, world
from policy_texts import policy, role_allows, when

from pytest_ecs_privatelink.audits.policies.roles import role_condition_mismatch
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    Role,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Snapshot, Unreadable
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ROLE_CONDITION_MISMATCH
ROLE = f"arn:aws:iam::{OWNER}:role/service/run"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
FREE = role_allows(["ecr:GetAuthorizationToken", "logs:CreateLogStream", "logs:PutLogEvents"])
TASK = TaskDefinition(
    arn=f"arn:aws:ecs:{REGION}:{OWNER}:task-definition/app:1",
    containers=(
        Container(
            name="app",
            image=f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com/app:1",
            log_driver="awslogs",
            log_group="/ecs/app",
            secrets=(Secret(reference=f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:s-AbCdEf"),),
        ),
    ),
    execution_role=ROLE,
)
CLUSTER = Cluster(arn=f"arn:aws:ecs:{REGION}:{OWNER}:cluster/c", name="c", task_definitions=(TASK,))
PERMISSIONS = (
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
)


def tied(action: object, operator: str, key: str, *values: str) -> dict[str, Any]:
    """Return a statement that allows under one condition."""
    return role_allows(action, Condition=when(operator, key, *values))


def running(*policies: str, **changes: Any) -> Snapshot:  # noqa: ANN401 fields of Snapshot
    """Return the healthy VPC with a cluster whose tasks' role has these policies."""
    fields = {"cluster": CLUSTER, "roles": (Role(arn=ROLE, policies=policies),), **changes}
    return world(without(), **fields)


def said(snapshot: Snapshot) -> tuple[Finding | Unseen, ...]:
    """Return all that the audit says."""
    return tuple(role_condition_mismatch(scene(snapshot)))


def found(*statements: dict[str, Any]) -> tuple[Finding, ...]:
    """Return what the audit holds against a role with one policy."""
    told = said(running(policy(*statements)))
    findings = tuple(each for each in told if isinstance(each, Finding))
    assert findings == told
    return findings


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (role_allows("*"),),
        (FREE, tied(PULL, "StringEquals", "aws:sourceVpce", "vpce-ecrdkr")),
        (FREE, tied(PULL, "StringEquals", "aws:SourceVpce", "vpce-ecrapi", "vpce-ecrdkr")),
        (FREE, tied(PULL, "StringEquals", "aws:sourceVpc", VPC)),
        (FREE, tied("secretsmanager:*", "StringLike", "aws:SourceVpce", "vpce-*")),
        (role_allows("*"), tied(PULL, "StringEquals", "aws:sourceVpce", "vpce-old")),
        (FREE, tied("s3:*", "StringEquals", "aws:sourceVpce", "vpce-old")),
        (FREE, tied(PULL, "StringEquals", "aws:PrincipalTag/t", "x")),
    ],
)
def test_conditions_that_calls_meet_are_right(statements: tuple[dict[str, Any], ...]) -> None:
    """Their own service's endpoint, this VPC, or another statement that asks for nothing."""
    assert found(*statements) == ()


@pytest.mark.parametrize(
    ("statements", "severity"),
    [
        ((FREE, tied(PULL, "StringEquals", "aws:sourceVpce", "vpce-ecrapi")), E),
        ((FREE, tied(PULL, "StringEquals", "aws:sourceVpc", "vpc-other")), E),
        ((FREE, tied("secretsmanager:*", "StringEquals", "aws:SourceVpce", "vpce-logs")), E),
        ((tied("*", "StringEquals", "aws:SourceVpce", "vpce-ecrdkr"),), E),
        ((tied("logs:*", "StringEquals", "aws:SourceVpce", "vpce-x"),), W),
        ((tied("ecr:GetAuth*", "StringEquals", "aws:SourceVpc", "vpc-x"),), W),
        ((tied("logs:*", "StringEquals", "aws:SourceVpc", VPC),), W),
        (
            (
                FREE,
                role_allows(PULL),
                {
                    **tied(PULL, "StringNotEquals", "aws:SourceVpce", "vpce-x"),
                    "Effect": "Deny",
                    "Sid": "Here",
                },
            ),
            E,
        ),
        ((FREE, tied(PULL, "StringEquals", "aws:SourceVpce", "${aws:PrincipalTag/e}")), W),
    ],
)
def test_conditions_that_they_do_not_meet(
    statements: tuple[dict[str, Any], ...], severity: Severity
) -> None:
    """An error, but for the token and logs, which AWS's example leaves alone: a warning."""
    assert heads(found(*statements)) == [(CODE, severity, "run")]


def test_one_line_names_the_cause_and_a_policy_mends_it() -> None:
    """One endpoint's id does not do for all of ECR; the remedy takes the VPC's."""
    (finding,) = found(FREE, tied(PULL, "StringEquals", "aws:sourceVpce", "vpce-ecrapi"))
    assert finding.summary == (
        "execution role run allows ecr:BatchGetImage, ecr:GetDownloadUrlForLayer only from "
        "elsewhere than vpce-ecrdkr, which tasks call through: they do not start"
    )
    assert finding.expected == (
        "conditions that each call meets by its own service's endpoint, and none on "
        "ecr:GetAuthorizationToken and logs"
    )
    assert finding.observed == (
        "ecr:BatchGetImage through vpce-ecrdkr: denied by StringEquals aws:sourceVpce vpce-ecrapi; "
        "ecr:GetDownloadUrlForLayer through vpce-ecrdkr: denied by StringEquals aws:sourceVpce "
        "vpce-ecrapi"
    )
    assert finding.remedy.cli == (
        "aws iam put-role-policy --region us-west-2 --role-name run"
        " --policy-name ecs-through-endpoints"
        ' --policy-document \'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], '
        f'"Resource": ["arn:aws:ecr:{REGION}:{OWNER}:repository/app"], '
        f'"Condition": {{"StringEquals": {{"aws:SourceVpc": "{VPC}"}}}}}}]}}\'',
    )
    assert finding.remedy.terraform.startswith(
        'resource "aws_iam_role_policy" "ecs_through_endpoints" {\n'
        '  name   = "ecs-through-endpoints"\n'
        '  role   = "run"\n'
        "  policy = jsonencode({\n"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    )
    assert finding.blocks == ()


LISTS = (
    "aws iam list-role-policies --region us-west-2 --role-name run",
    "aws iam list-attached-role-policies --region us-west-2 --role-name run",
)


def test_a_condition_that_holds_is_still_a_warning_on_the_token_and_logs() -> None:
    """It is met here; AWS's example does without, and the commands say so."""
    (finding,) = found(tied(["ecr:*", "logs:*"], "StringEquals", "aws:SourceVpc", VPC))
    assert finding.summary == (
        "execution role run ties ecr:GetAuthorizationToken, logs:CreateLogStream, "
        "logs:PutLogEvents to where calls come from, which AWS's example leaves without condition"
    )
    assert finding.remedy.cli == (
        "# AWS's example allows ecr:GetAuthorizationToken and logs in a statement without "
        "Condition",
        *LISTS,
    )


def test_a_statement_that_denies_is_named() -> None:
    """One more that allows would not help."""
    denying = {
        **tied(PULL, "StringNotEquals", "aws:SourceVpce", "vpce-x"),
        "Effect": "Deny",
        "Sid": "Here",
    }
    (finding,) = found(FREE, role_allows(PULL), denying)
    assert finding.remedy.cli == (
        "# let statement 'Here' spare calls through the endpoints",
        *LISTS,
    )


def test_without_an_endpoint_here_a_hubs_may_carry_the_call() -> None:
    """aws:SourceVpc is then the hub's, which is not visible: a warning."""
    role = Role(
        arn=ROLE, policies=(policy(FREE, tied(PULL, "StringEquals", "aws:SourceVpc", VPC)),)
    )
    spoke = world(without("ecr.dkr"), cluster=CLUSTER, roles=(role,))
    (finding,) = said(spoke)
    assert isinstance(finding, Finding)
    assert finding.severity is W
    assert finding.summary == (
        "execution role run ties ecr:BatchGetImage, ecr:GetDownloadUrlForLayer to where calls come "
        "from, which may not be where this VPC's calls to ecr.dkr leave, for it has no endpoint: "
        "tasks may not start"
    )
    assert finding.remedy.cli == (
        "# do its conditions admit where ecr:BatchGetImage, ecr:GetDownloadUrlForLayer come from?",
        *LISTS,
    )


def test_several_policies_count_together() -> None:
    """What one ties another may allow freely."""
    bound = policy(tied("*", "StringEquals", "aws:SourceVpce", "vpce-x"))
    assert said(running(bound, policy(role_allows("*")))) == ()
    assert len(said(running(bound, policy(FREE)))) == 1


def test_a_policy_that_is_not_understood_is_unknown() -> None:
    """Nobody knows what else it allows."""
    (finding,) = said(running(policy(FREE), "{"))
    assert isinstance(finding, Finding)
    assert heads((finding,)) == [(CODE, W, "run")]
    assert finding.summary == (
        "a policy of execution role run is not understood, and nobody knows what it allows: "
        "it is no JSON"
    )
    assert finding.remedy.cli == ("# read the policy and put it right", *LISTS)


def test_policies_that_could_not_be_read_are_never_green() -> None:
    """The permissions are named; without a cluster there is nothing to read."""
    unread = running(roles=None)
    assert said(unread) == (
        Unseen(
            code=CODE,
            subject="run",
            reason=(
                "the role's policies could not be read: missing permission "
                f"{', '.join(PERMISSIONS)}"
            ),
            permissions=PERMISSIONS,
        ),
    )
    assert said(replace(unread, emulated=True)) == ()
    assert said(replace(unread, cluster=None)) == ()


def test_a_role_that_is_gone_is_never_green() -> None:
    """A task definition may outlive the role that it names."""
    gone = replace(running(), roles=())
    assert said(gone) == (
        Unseen(
            code=CODE,
            subject="run",
            reason="the role was not there when it was read: its tasks cannot start without it",
        ),
    )
    assert said(replace(gone, emulated=True)) == ()


def test_a_role_that_is_named_in_two_ways_is_told_of_once() -> None:
    """By its ARN and by its name: one check, for it has one id."""
    (task,) = CLUSTER.task_definitions or ()
    twice = replace(CLUSTER, task_definitions=(task, replace(task, execution_role="run")))
    (unseen,) = said(running(roles=None, cluster=twice))
    assert isinstance(unseen, Unseen)
    assert unseen.subject == "run"


def test_task_definitions_that_could_not_be_read_hide_their_roles() -> None:
    """Which roles there are is then not known."""
    cluster = replace(CLUSTER, task_definitions=None)
    missing = Unreadable(part="cluster", permission="ecs:DescribeTaskDefinition", error="no")
    assert said(running(cluster=cluster, unreadable=(missing,))) == (
        Unseen(
            code=CODE,
            subject="execution-roles",
            reason=(
                "task definitions could not be read: missing permission ecs:DescribeTaskDefinition"
            ),
            permissions=("ecs:DescribeTaskDefinition",),
        ),
    )
