"""The audit of endpoint policies: which actions, how grave, and what mends it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import EC2, FARGATE, OWNER, REGION, endpoint, heads, scene, without, world
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.audits.policies.endpoints import endpoint_policy_denies
from pytest_ecs_privatelink.topology.cluster import Cluster, Container, Secret, TaskDefinition
from pytest_ecs_privatelink.topology.model import EndpointServiceOffer, Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ENDPOINT_POLICY_DENIES
ROLE = f"arn:aws:iam::{OWNER}:role/run"
SAMPLE = policy(allow(["ecs:CreateCluster", "ecs:ListClusters"]))
GROUP = f"arn:aws:logs:{REGION}:{OWNER}:log-group:/ecs/app"
IMAGES = f"arn:aws:ecr:{REGION}:{OWNER}:repository"
SECRET = f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:db-AbCdEf"
TASK = TaskDefinition(
    arn=f"arn:aws:ecs:{REGION}:{OWNER}:task-definition/app:1",
    containers=(
        Container(
            name="app",
            image=f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com/team/app:1",
            log_driver="awslogs",
            log_group="/ecs/app",
            secrets=(
                Secret(reference=f"{SECRET}:password::"),
                Secret(reference="/app/flag"),
            ),
        ),
    ),
    execution_role=ROLE,
)
CLUSTER = Cluster(arn=f"arn:aws:ecs:{REGION}:{OWNER}:cluster/c", name="c", task_definitions=(TASK,))


def with_policy(service: str, text: str | None, **changes: Any) -> Snapshot:  # noqa: ANN401 fields
    """Return the healthy VPC with another policy at the endpoint of ``service``."""
    return world((*without(service), endpoint(service, policy=text)), **changes)


def found(
    snapshot: Snapshot, launch_types: tuple[LaunchType, ...] = (*FARGATE, *EC2)
) -> tuple[Finding, ...]:
    """Return what the audit holds against the VPC."""
    said = tuple(endpoint_policy_denies(scene(snapshot, launch_types)))
    findings = tuple(each for each in said if isinstance(each, Finding))
    assert findings == said
    return findings


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("logs", None),
        ("logs", policy(allow("*"))),
        ("logs", policy(allow("logs:*"), deny("logs:Delete*"))),
        ("logs", policy(allow("logs:*", f"arn:aws:logs:*:{OWNER}:log-group:*"))),
        ("logs", policy(allow("*", Principal={"AWS": f"arn:aws:iam::{OWNER}:root"}))),
        ("ecr.api", policy(allow("ecr:GetAuth*"))),
        ("ecr.dkr", policy(allow(["ecr:BatchGet*", "ecr:GetDownloadUrlForLayer"], f"{IMAGES}/*"))),
        ("secretsmanager", policy(allow("secretsmanager:GetSecretValue", SECRET))),
        ("ecs", policy(allow("ecs:*"))),
        (
            "ecr.dkr",
            policy(allow("*", Condition=when("StringEquals", "aws:ResourceAccount", OWNER))),
        ),
        (
            "ecr.api",
            policy(allow("*", Condition=when("StringEquals", "aws:RequestedRegion", REGION))),
        ),
        ("ecs-agent", policy(allow("ecs:Poll"))),
        ("ecs-telemetry", policy(allow(["ecs:Poll", "ecs:StartTelemetrySession"]))),
        (
            "logs",
            policy(allow("*", Condition=when("StringEquals", "aws:SourceVpce", "vpce-logs"))),
        ),
        (
            "logs",
            policy(deny("*", Condition=when("Bool", "aws:SecureTransport", "false")), allow("*")),
        ),
    ],
)
def test_policies_that_suffice_are_right(service: str, text: str | None) -> None:
    """Full access, wildcards, one's own account, and conditions that this endpoint meets."""
    assert found(with_policy(service, text)) == ()


@pytest.mark.parametrize(
    ("service", "text", "severity", "observed"),
    [
        ("ecr.api", policy(allow("ecr:Batch*")), E,
         "ecr:GetAuthorizationToken on *: no statement allows that"),
        ("ecr.dkr", policy(allow("ecr:BatchGetImage")), E,
         f"ecr:GetDownloadUrlForLayer on {IMAGES}/*: no statement allows that"),
        ("ecr.dkr", policy(allow("ecr:*", f"{IMAGES}/app")), W,
         f"ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on {IMAGES}/*: depends on the Resource"),
        ("ecr.dkr", policy(allow("ecr:*", f"arn:aws:ecr:{REGION}:222222222222:repository/*")), E,
         f"ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on {IMAGES}/*: no statement allows that"),
        ("logs", policy(allow("*"), deny("logs:Put*", Sid="ReadOnly")), E,
         f"logs:PutLogEvents on {GROUP.replace('/ecs/app', '*')}:log-stream:*: "
         "statement 'ReadOnly' denies that"),
        ("logs", policy(allow("*", Condition=when("StringEquals", "aws:SourceVpce", "vpce-x"))), E,
         f"logs:CreateLogStream, logs:PutLogEvents on {GROUP.replace('/ecs/app', '*')}:log-stream:*"
         ": no statement allows that, by aws:SourceVpce"),
        ("logs", policy(allow("*", Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1"))), W,
         f"logs:CreateLogStream, logs:PutLogEvents on {GROUP.replace('/ecs/app', '*')}:log-stream:*"
         ": depends on aws:PrincipalOrgID"),
        ("logs", policy(allow("*", Principal={"AWS": ROLE})), W,
         f"logs:CreateLogStream, logs:PutLogEvents on {GROUP.replace('/ecs/app', '*')}:log-stream:*"
         ": depends on the Principal"),
        ("ecs-agent", policy(allow("ecs:StartTelemetrySession")), E,
         f"ecs:Poll on arn:aws:ecs:{REGION}:{OWNER}:container-instance/*: "
         "no statement allows that"),
        ("ecs-telemetry", policy(allow("ecs:Poll")), E,
         f"ecs:StartTelemetrySession on arn:aws:ecs:{REGION}:{OWNER}:container-instance/*: "
         "no statement allows that"),
        ("secretsmanager", policy(deny("s3:*")), W,
         f"secretsmanager:GetSecretValue on arn:aws:secretsmanager:{REGION}:{OWNER}:secret:*: "
         "no statement allows that"),
        ("logs", "{", W, "it is no JSON"),
        ("logs", policy(version="2030-01-01"), W,
         "its version '2030-01-01' is none of 2008-10-17, 2012-10-17"),
    ],
)  # fmt: skip
def test_policies_that_do_not(service: str, text: str, severity: Severity, observed: str) -> None:
    """What is denied is an error, unless nothing needs the service; what hangs on more warns."""
    (finding,) = found(with_policy(service, text))
    assert heads((finding,)) == [(CODE, severity, f"vpce-{service.replace('.', '')}")]
    assert finding.observed == observed
    assert finding.blocks == ()


def test_deny_only_denies_everything() -> None:
    """Story 17: without an Allow statement nothing passes, whatever is denied."""
    (finding,) = found(with_policy("logs", policy(deny("s3:*"))))
    assert finding.summary == (
        "the policy of vpce-logs for logs does not allow logs:CreateLogStream, logs:PutLogEvents, "
        "for it has no Allow statement, without which everything is denied: tasks with the awslogs "
        "driver do not start"
    )
    assert finding.expected == "a policy that allows logs:CreateLogStream, logs:PutLogEvents"
    assert finding.launch_types == (*FARGATE, *EC2)
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"
    )


def test_the_sample_policy_of_the_ecs_page_starves_agents() -> None:
    """R20: it is said that a policy like that one does so; the remedy keeps it and adds to it."""
    (finding,) = found(with_policy("ecs", SAMPLE))
    assert heads((finding,)) == [(CODE, E, "vpce-ecs")]
    assert finding.summary == (
        "the policy of vpce-ecs for ecs does not allow ecs:DiscoverPollEndpoint, "
        "ecs:RegisterContainerInstance, ecs:SubmitAttachmentStateChanges, "
        "ecs:SubmitContainerStateChange, ecs:SubmitTaskStateChange (a policy like the sample one "
        "of AWS's page on ECS starves agents): agents neither register nor report"
    )
    assert finding.launch_types == EC2
    assert found(with_policy("ecs", SAMPLE), FARGATE) == ()


def test_one_more_statement_mends_what_no_statement_allows() -> None:
    """The policy is kept as it is; the missing actions come with it, in Terraform too."""
    (finding,) = found(with_policy("ecr.api", policy(allow("s3:*", "${aws:username}"))))
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-ecrapi"
        ' --policy-document \'{"Version": "2012-10-17", "Statement": ['
        '{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "${aws:username}"}, '
        '{"Effect": "Allow", "Principal": "*", "Action": "ecr:GetAuthorizationToken", '
        '"Resource": "*"}]}\'',
    )
    assert finding.remedy.terraform == "\n".join(
        (
            'resource "aws_vpc_endpoint_policy" "ecr_api" {',
            '  vpc_endpoint_id = "vpce-ecrapi"',
            "  policy = jsonencode({",
            '    "Version": "2012-10-17",',
            '    "Statement": [',
            "      {",
            '        "Effect": "Allow",',
            '        "Principal": "*",',
            '        "Action": "s3:*",',
            '        "Resource": "$${aws:username}"',
            "      },",
            "      {",
            '        "Effect": "Allow",',
            '        "Principal": "*",',
            '        "Action": "ecr:GetAuthorizationToken",',
            '        "Resource": "*"',
            "      }",
            "    ]",
            "  })",
            "}",
        )
    )


LOOK = (
    "aws ec2 describe-vpc-endpoints --region us-west-2 --vpc-endpoint-ids vpce-logs"
    " --query 'VpcEndpoints[0].PolicyDocument' --output text"
)


@pytest.mark.parametrize(
    ("text", "summary", "why"),
    [
        (
            policy(allow("*"), deny("logs:Put*", Sid="No")),
            "the policy of vpce-logs for logs denies logs:PutLogEvents (statement 'No'): tasks with"
            " the awslogs driver do not start",
            "# change statement 'No' so that it does not deny logs:PutLogEvents",
        ),
        (
            policy(allow("*", Condition=when("StringEquals", "aws:PrincipalTag/t", "x"))),
            "whether the policy of vpce-logs for logs allows logs:CreateLogStream, "
            "logs:PutLogEvents depends on aws:PrincipalTag/t, which this run cannot know: where it "
            "does not, tasks with the awslogs driver do not start",
            "# does aws:PrincipalTag/t admit logs:CreateLogStream, logs:PutLogEvents?",
        ),
        (
            "{",
            "the policy of vpce-logs for logs is not understood, and nobody knows what it allows: "
            "it is no JSON",
            "# read the policy and put it right",
        ),
    ],
)
def test_where_nothing_is_known_to_mend_it_a_command_shows_it(
    text: str, summary: str, why: str
) -> None:
    """A statement that denies is its author's to change; a comment says which."""
    (finding,) = found(with_policy("logs", text))
    assert finding.summary == summary
    assert (finding.remedy.cli, finding.remedy.terraform) == ((why, LOOK), "")


@pytest.mark.parametrize(
    ("service", "text", "severity"),
    [
        ("ecr.dkr", policy(allow("ecr:*", f"{IMAGES}/team/*")), None),
        ("ecr.dkr", policy(allow("ecr:*", f"{IMAGES}/other")), E),
        ("logs", policy(allow("logs:*", f"{GROUP}:*")), None),
        ("logs", policy(allow("logs:*", GROUP.replace("app", "web:*"))), E),
        ("secretsmanager", policy(allow("*", SECRET)), None),
        ("secretsmanager", policy(allow("*", SECRET.replace("db", "web"))), W),
        ("logs", policy(allow("*", Principal={"AWS": ROLE})), None),
        ("logs", policy(allow("*", Principal={"AWS": f"{ROLE}2"})), E),
        (
            "logs",
            policy(allow("*", Condition=when("ArnLike", "aws:PrincipalArn", f"{ROLE[:-3]}*"))),
            None,
        ),
        (
            "logs",
            policy(allow("*", Condition=when("StringEquals", "aws:PrincipalAccount", "1"))),
            E,
        ),
        ("ecs", policy(allow("*", Principal={"AWS": ROLE})), W),
    ],
)
def test_task_definitions_say_which_resources_and_who_asks(
    service: str, text: str, severity: Severity | None
) -> None:
    """Of a cluster, repositories, log groups, secrets and execution roles are known exactly."""
    findings = found(with_policy(service, text, cluster=CLUSTER))
    assert [each.severity for each in findings] == ([] if severity is None else [severity])


def test_each_role_needs_what_its_own_tasks_name() -> None:
    """A second role's secret is not asked for by the first."""
    (container,) = TASK.containers
    other_secret = replace(container, secrets=(Secret(reference=SECRET.replace("db", "web")),))
    other = replace(TASK, execution_role=f"{ROLE}2", containers=(other_secret,))
    cluster = replace(CLUSTER, task_definitions=(TASK, other))
    text = policy(
        allow("*", SECRET, Principal={"AWS": ROLE}),
        allow("*", SECRET.replace("db", "web"), Principal={"AWS": f"{ROLE}2"}),
    )
    assert found(with_policy("secretsmanager", text, cluster=cluster)) == ()


@pytest.mark.parametrize(
    ("statements", "observed"),
    [
        ((allow("logs:*", GROUP), allow("logs:*", f"{GROUP}:*")), None),
        ((allow("logs:*", f"{GROUP}:*"),), None),
        ((allow("logs:*", GROUP.replace("app", "*")),), None),
        (
            (allow(["logs:CreateLogStream", "logs:PutLogEvents"]),),
            f"logs:CreateLogGroup on {GROUP}*: no statement allows that",
        ),
    ],
)
def test_a_task_that_makes_its_log_group_asks_for_that_too(
    statements: tuple[dict[str, Any], ...], observed: str | None
) -> None:
    """Its group's ARN is written with a star at its end, or without."""
    (container,) = TASK.containers
    making = replace(TASK, containers=(replace(container, log_create_group=True),))
    cluster = replace(CLUSTER, task_definitions=(making,))
    findings = found(with_policy("logs", policy(*statements), cluster=cluster))
    assert [each.observed for each in findings] == ([] if observed is None else [observed])


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        (f"{SECRET}:key:stage:", SECRET),
        (SECRET[:-7], f"{SECRET[:-7]}-??????"),
        (SECRET.replace(REGION, "eu-west-1"), None),
    ],
)
def test_a_secret_may_be_named_in_several_ways(reference: str, asked: str | None) -> None:
    """A key and version behind it are cut off; a name without AWS's suffix stands for one."""
    container = Container(name="c", image="i", secrets=(Secret(reference=reference),))
    cluster = replace(CLUSTER, task_definitions=(replace(TASK, containers=(container,)),))
    (finding,) = found(with_policy("secretsmanager", policy(), cluster=cluster))
    wanted = asked or f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:*"
    assert finding.observed == (
        f"secretsmanager:GetSecretValue on {wanted}: no statement allows that"
    )


def test_a_service_without_policies_has_full_access() -> None:
    """What stands there is not in force, says DescribeVpcEndpointServices; an emulator's no."""
    offer = EndpointServiceOffer(
        service_name="com.amazonaws.us-west-2.ecs-agent",
        types=("Interface",),
        policy_supported=False,
    )
    closed = with_policy("ecs-agent", policy(), endpoint_services=(offer,))
    assert found(closed) == ()
    assert len(found(replace(closed, emulated=True))) == 1


def test_an_endpoint_that_no_name_leads_to_starves_nobody() -> None:
    """Beside one with private DNS, another one's policy does not matter."""
    beside = endpoint("logs", id="vpce-2", private_dns=False, policy=policy())
    assert found(world((*without(), beside))) == ()
    assert len(found(world((*without("logs"), beside)))) == 1


def test_a_hundred_endpoints_are_judged_at_once() -> None:
    """Statements as people write them, several to a policy."""
    text = policy(*(allow(f"ecr:A{n}", f"{IMAGES}/{n}/*") for n in range(20)), allow("ecr:*"))
    json.loads(text)
    many = tuple(endpoint("ecr.dkr", id=f"vpce-{n}", policy=text) for n in range(100))
    assert found(world((*without("ecr.dkr"), *many))) == ()
