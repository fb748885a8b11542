"""The audit of environment files that the S3 endpoint's policy keeps from tasks."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import OWNER, REGION, endpoint, heads, scene, without, world
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.audits.policies.env_files import env_file_bucket_denied
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.cluster import Cluster, Container, TaskDefinition
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ENV_FILE_BUCKET_DENIED
ROLE = f"arn:aws:iam::{OWNER}:role/run"
BUCKET = "arn:aws:s3:::settings"
FILE = f"{BUCKET}/app/prod.env"
NEEDED = ["s3:GetBucketLocation", "s3:GetObject"]
HIDDEN = Unseen(
    code=CODE,
    subject="settings",
    reason=(
        "an ARN does not tell the bucket's Region, and S3 endpoints serve their own Region only"
    ),
)


def running(text: str | None, *files: str) -> Snapshot:
    """Return a VPC with this policy at its S3 gateway, and a task with environment files."""
    task = TaskDefinition(
        arn=f"arn:aws:ecs:{REGION}:{OWNER}:task-definition/app:1",
        containers=(Container(name="app", image="app", env_files=files),),
        execution_role=ROLE,
    )
    cluster = Cluster(
        arn=f"arn:aws:ecs:{REGION}:{OWNER}:cluster/c", name="c", task_definitions=(task,)
    )
    return world((*without("s3"), endpoint("s3", policy=text)), cluster=cluster)


def said(snapshot: Snapshot) -> tuple[Finding | Unseen, ...]:
    """Return all that the audit says."""
    return tuple(env_file_bucket_denied(scene(snapshot)))


@pytest.mark.parametrize(
    "text",
    [
        None,
        policy(allow("*")),
        policy(allow(NEEDED, [BUCKET, f"{BUCKET}/*"])),
        policy(
            allow("s3:*", Condition=when("StringEquals", "aws:PrincipalAccount", OWNER)),
        ),
        policy(allow("s3:*", Condition=when("ArnLike", "aws:PrincipalArn", ROLE))),
    ],
)
def test_what_policies_allow_still_has_an_unknown_region(text: str | None) -> None:
    """The execution role asks, so one's own account is met; the Region is said to be hidden."""
    assert said(running(text, FILE)) == (HIDDEN,)


@pytest.mark.parametrize(
    ("text", "severity", "observed"),
    [
        (
            policy(allow("s3:GetObject", "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*")),
            E,
            f"s3:GetBucketLocation on {BUCKET}: no statement allows that; "
            f"s3:GetObject on {FILE}: no statement allows that",
        ),
        (
            policy(allow("s3:GetObject", f"{BUCKET}/*")),
            E,
            f"s3:GetBucketLocation on {BUCKET}: no statement allows that",
        ),
        (
            policy(allow("*"), deny("s3:*", f"{BUCKET}/app/*", Sid="No")),
            E,
            f"s3:GetObject on {FILE}: statement 'No' denies that",
        ),
        (
            policy(allow("*", Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1"))),
            W,
            f"s3:GetBucketLocation on {BUCKET}: depends on aws:PrincipalOrgID; "
            f"s3:GetObject on {FILE}: depends on aws:PrincipalOrgID",
        ),
        (
            policy(allow("*", Principal={"AWS": ROLE})),
            W,
            f"s3:GetBucketLocation on {BUCKET}: depends on the Principal; "
            f"s3:GetObject on {FILE}: depends on the Principal",
        ),
        ("{", W, "it is no JSON"),
    ],
)
def test_policies_that_keep_them_away(text: str, severity: Severity, observed: str) -> None:
    """Both calls are needed; a gateway's Principal other than a star tells nobody apart."""
    (finding,) = said(running(text, FILE))
    assert isinstance(finding, Finding)
    assert heads((finding,)) == [(CODE, severity, "settings")]
    assert finding.observed == observed
    assert finding.blocks == ()


def test_one_line_names_the_cause_and_one_statement_mends_it() -> None:
    """The bucket, what is refused, what becomes of it, and the policy with one statement more."""
    (finding,) = said(running(policy(allow("s3:GetObject", f"{BUCKET}/*")), FILE))
    assert isinstance(finding, Finding)
    assert finding.summary == (
        "the policy of vpce-s3 for s3 does not allow s3:GetBucketLocation on settings, which has "
        "environment files: tasks that take their environment from there do not start"
    )
    assert finding.expected == (
        "a policy that allows s3:GetBucketLocation and s3:GetObject on settings"
    )
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-s3"
        ' --policy-document \'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        f'"Principal": "*", "Action": "s3:GetObject", "Resource": "{BUCKET}/*"}}, '
        '{"Effect": "Allow", "Principal": "*", "Action": "s3:GetBucketLocation", '
        f'"Resource": "{BUCKET}"}}]}}\'',
    )
    assert f'"Resource": "{BUCKET}"' in finding.remedy.terraform
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
        "resource-initialization-error.html"
    )


def test_where_a_key_decides_the_question_is_asked() -> None:
    """Whose organization that is no run knows."""
    text = policy(allow("*", Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1")))
    (finding,) = said(running(text, FILE))
    assert isinstance(finding, Finding)
    assert finding.summary == (
        "whether the policy of vpce-s3 for s3 allows s3:GetBucketLocation, s3:GetObject on "
        "settings, which has environment files, depends on aws:PrincipalOrgID, which this run "
        "cannot know: where it does not, tasks that take their environment from there do not start"
    )


def test_the_gravest_of_several_gateways_policies_is_told() -> None:
    """Route tables may lead to different gateways: a question at one hides no denial at another."""
    asking = policy(allow(NEEDED, Condition=when("StringEquals", "aws:PrincipalTag/team", "web")))
    shut = endpoint("s3", id="vpce-s3-shut", policy=policy(allow("dynamodb:*")))
    snapshot = running(asking, FILE)
    both = replace(snapshot, endpoints=(*snapshot.endpoints, shut))
    (finding,) = said(both)
    assert isinstance(finding, Finding)
    assert finding.severity is E
    assert finding.summary.startswith("the policy of vpce-s3-shut for s3 does not allow")


def test_each_bucket_is_one_finding() -> None:
    """However many files are in it."""
    other = "arn:aws:s3:::other/x.env"
    told = said(running(policy(allow("*", f"{BUCKET}*")), FILE, f"{FILE}2", other))
    assert [(type(each), each.subject) for each in told] == [
        (Finding, "other"),
        (Unseen, "settings"),
    ]


@pytest.mark.parametrize("arn", ["settings/x.env", "arn:aws:s3:::", "arn:aws:ssm:::x", ""])
def test_what_is_no_object_of_s3_is_left_alone(arn: str) -> None:
    """A snapshot may be edited by hand."""
    assert said(running(policy(), arn)) == ()


def test_task_definitions_that_could_not_be_read_hide_their_files() -> None:
    """Which buckets there are is then not known."""
    changes: dict[str, Any] = {
        "cluster": Cluster(arn="arn:aws:ecs:r:1:cluster/c", name="c", task_definitions=None)
    }
    assert said(world(without(), **changes)) == (
        Unseen(
            code=CODE,
            subject="env-files",
            reason=(
                "environment files are not known: task definitions could not be read: "
                "missing permission ecs:DescribeTaskDefinition"
            ),
            permissions=("ecs:DescribeTaskDefinition",),
        ),
    )
