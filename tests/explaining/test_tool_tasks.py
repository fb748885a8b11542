"""The tool asks a real HTTP server, which answers as ECS and EC2 do, about tasks."""

import json
import socket
from collections.abc import Iterator

import pytest
from aws_front import Front, always, as_json, denied, refusal, running, xml
from tool_runs import TASK, Ran, explain

TEXT = (
    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull "
    "registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. "
    'RequestError: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 172.40.1.94:443: '
    "i/o timeout"
)
DEFINITION = "arn:aws:ecs:eu-west-1:111122223333:task-definition/app:7"
STOPPED = {
    "taskArn": TASK,
    "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/web",
    "taskDefinitionArn": DEFINITION,
    "group": "service:front",
    "lastStatus": "STOPPED",
    "desiredStatus": "STOPPED",
    "stopCode": "TaskFailedToStart",
    "stoppedReason": TEXT,
    "attachments": [{"details": [{"name": "subnetId", "value": "subnet-0a"}]}],
    "containers": [{"name": "app", "reason": "", "lastStatus": "STOPPED"}],
}
SUBNETS = "<subnetSet><item><subnetId>subnet-0a</subnetId><vpcId>vpc-0b</vpcId></item></subnetSet>"
VPCS = (
    "<vpcSet><item><vpcId>vpc-0b</vpcId><cidrBlockAssociationSet><item>"
    "<cidrBlock>172.40.0.0/16</cidrBlock></item></cidrBlockAssociationSet></item></vpcSet>"
)


@pytest.fixture
def aws() -> Iterator[Front]:
    """Serve an account in which the task above has stopped."""
    with running("http://127.0.0.1:1", {}) as front:
        front.answers |= {
            "DescribeTasks": always(as_json({"tasks": [STOPPED], "failures": []})),
            "DescribeTaskDefinition": always(
                as_json(
                    {
                        "taskDefinition": {
                            "executionRoleArn": "arn:aws:iam::111122223333:role/x/exec",
                            "containerDefinitions": [
                                {
                                    "logConfiguration": {
                                        "logDriver": "awslogs",
                                        "options": {"awslogs-group": "/ecs/it's"},
                                    }
                                }
                            ],
                        }
                    }
                )
            ),
            "DescribeSubnets": always(xml("DescribeSubnets", SUBNETS)),
            "DescribeVpcs": always(xml("DescribeVpcs", VPCS)),
        }
        yield front


def ask(front: Front, *words: str) -> Ran:
    """Run the tool about the task, against ``front``."""
    return explain("--task", TASK, *words, AWS_ENDPOINT_URL=front.url)


def with_task(front: Front, **changes: object) -> None:
    """Have ECS tell of the task with ``changes``."""
    task = {**STOPPED, **changes}
    front.answers["DescribeTasks"] = always(as_json({"tasks": [task], "failures": []}))


def test_a_stopped_task_is_explained_with_its_own_ids(aws: Front) -> None:
    """VPC, subnet and ECS service stand in the commands, and the VPC's ranges decide."""
    ran = ask(aws)

    assert ran.err == ""
    assert ran.status == 0
    first, *lines = ran.out.splitlines()
    assert first.startswith(
        f"{TASK}: tcp-timeout ecr.api: no token for the image's registry arrives from Amazon ECR: "
        "no answer from 172.40.1.94, a private address"
    )
    assert lines == [
        "   look: aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values=vpc-0b "
        "Name=service-name,Values=com.amazonaws.eu-west-1.ecr.api --region eu-west-1",
        "   look: aws ecs describe-services --cluster web --services front --region eu-west-1",
        "   look: aws ec2 describe-network-acls --filters "
        "Name=association.subnet-id,Values=subnet-0a --region eu-west-1",
        "   look: aws ec2 describe-route-tables --filters "
        "Name=association.subnet-id,Values=subnet-0a --region eu-west-1",
        "   see: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
        "resource-initialization-error.html",
        f"   ECS: {TEXT}",
    ]


def test_a_missing_log_group_is_offered_to_be_made(aws: Front) -> None:
    """The task definition names the group; a shell gets it quoted."""
    reason = (
        "failed to validate logger args: The specified log group does not exist. : exit status 1"
    )
    with_task(aws, stoppedReason=f"ResourceInitializationError: {reason}")

    ran = ask(aws)

    assert ran.status == 0
    assert (
        "   mend: aws logs create-log-group --log-group-name '/ecs/it'\"'\"'s' --region eu-west-1"
        in ran.out.splitlines()
    )


def test_json_has_the_task(aws: Front) -> None:
    """A program gets the explanation, the task's surroundings and the commands."""
    ran = ask(aws, "--json")

    (told,) = json.loads(ran.out)["explanations"]
    assert (told["code"], told["private"], told["text"]) == ("tcp-timeout", True, TEXT)
    assert told["task"] == {
        "task": TASK,
        "cluster": "web",
        "region": "eu-west-1",
        "ecs_service": "front",
        "definition": "app:7",
        "subnet": "subnet-0a",
        "vpc": "vpc-0b",
        "role": "exec",
        "log_group": "/ecs/it's",
        "ranges": ["172.40.0.0/16"],
    }
    assert len(told["remedy"]["cli"]) == 4


def test_what_only_adds_may_be_refused(aws: Front) -> None:
    """With ecs:DescribeTasks alone the words are explained; what is unknown is not named."""
    for operation in ("DescribeTaskDefinition", "DescribeSubnets", "DescribeVpcs"):
        aws.answers[operation] = denied

    ran = ask(aws)

    assert (ran.status, ran.err) == (0, "")
    assert "dns-public-answer ecr.api" in ran.out
    assert "unless it is of the VPC's own ranges" in ran.out
    assert "vpc-id" not in ran.out


def test_a_forgotten_task_is_said_to_be_so(aws: Front) -> None:
    """ECS answers MISSING after about an hour."""
    aws.answers["DescribeTasks"] = always(
        as_json({"tasks": [], "failures": [{"arn": TASK, "reason": "MISSING"}]})
    )

    ran = ask(aws)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"ERROR: no task {TASK} in cluster web (eu-west-1): ECS forgets a stopped task after about "
        "an hour; else it is of another cluster, Region or account\n"
    )


def test_a_task_that_runs_has_nothing_to_explain(aws: Front) -> None:
    """Its status is told."""
    with_task(aws, lastStatus="RUNNING", desiredStatus="RUNNING", stopCode=None, stoppedReason=None)

    ran = ask(aws)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (f"ERROR: task {TASK} has not stopped: it is RUNNING, and wanted RUNNING\n")


def test_a_cluster_that_is_not_there_is_named(aws: Front) -> None:
    """It is no trouble of AWS's, and nothing was found."""
    aws.answers["DescribeTasks"] = always(
        refusal("ecs", "ClusterNotFoundException", "Cluster not found.")
    )

    ran = ask(aws)

    assert (ran.status, ran.err) == (
        1,
        f"ERROR: no task {TASK} in cluster web (eu-west-1): Cluster not found.\n",
    )


def test_a_refusal_is_4_in_one_line(aws: Front) -> None:
    """The permission that is missing is named, and nothing else of AWS's message."""
    aws.answers["DescribeTasks"] = denied

    ran = ask(aws)

    assert (ran.status, ran.out) == (4, "")
    assert ran.err == (
        f"ERROR: task {TASK} (eu-west-1) cannot be read: AccessDeniedException for "
        "ecs:DescribeTasks\n"
    )


def test_nobody_there_is_4_in_one_line() -> None:
    """Where AWS is not reached, its host is named."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"

        ran = explain("--task", TASK, AWS_ENDPOINT_URL=url)

    assert (ran.status, ran.err) == (
        4,
        f"ERROR: task {TASK} (eu-west-1) cannot be read: no answer from 127.0.0.1\n",
    )


def test_no_credentials_are_4_in_one_line(aws: Front) -> None:
    """Nobody to ask as is no traceback."""
    ran = explain(
        "--task",
        TASK,
        AWS_ENDPOINT_URL=aws.url,
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )

    assert ran.status == 4
    assert ran.err.startswith(f"ERROR: task {TASK} (eu-west-1) cannot be read: ")
    assert len(ran.err.splitlines()) == 1
