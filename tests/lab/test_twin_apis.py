"""AWS's APIs in the twin: a cloud behind them, and policies in front of it."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inside_host import run
from twin_rehearsal import plan_of, rehearse
from twin_snapshots import healthy, with_endpoint_policy

from pytest_ecs_privatelink.lab.cloud import Cloud
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.laboratory import Laboratory, OwnWorld
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

LOGS = "logs.us-east-1.amazonaws.com"
USER = (
    "User: arn:aws:sts::123456789012:assumed-role/lab-task-execution/lab "
    "is not authorized to perform: "
)
STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/lab:log-stream:a/b"
PUT = {
    "logGroupName": "/ecs/lab",
    "logStreamName": "a/b",
    "logEvents": [{"timestamp": 1767225600000, "message": "hello"}],
}


def allow(*actions: str, resource: str = "*") -> dict[str, object]:
    """Return a statement that allows ``actions`` to everybody."""
    return {"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": resource}


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[Laboratory, OwnWorld]]:
    """Build the lab's own world with its cloud and its twin."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        groups = dict.fromkeys(LaunchType, own.world.task_groups)
        subnets = tuple(own.world.subnets.values())
        lab.build_twin(own.reading.snapshot, subnets, groups)
        yield lab, own


def test_what_is_written_through_the_twin_is_in_the_cloud(
    own: tuple[Laboratory, OwnWorld],
) -> None:
    """A stream and an event made on a host are what the cloud's own API shows."""
    lab, _ = own
    group = {"logGroupName": "/ecs/lab", "logStreamName": "a/b"}
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    told = run(
        lab.twin,
        f"""
print(json.dumps([
    call("{LOGS}", "Logs_20140328.CreateLogStream", {group!r})[0],
    call("{LOGS}", "Logs_20140328.PutLogEvents", {group!r} | {{"logEvents": [{event!r}]}})[0],
]))
""",
    )
    shown = lab.session().client("logs").get_log_events(**group)["events"]

    assert told == [200, 200]
    assert [(each["timestamp"], each["message"]) for each in shown] == [
        (event["timestamp"], event["message"])
    ]


def test_secrets_and_parameters_are_the_cloud_s(own: tuple[Laboratory, OwnWorld]) -> None:
    """By ARN, as task definitions name them, a host gets both."""
    lab, world = own
    workload = world.world.workload
    assert workload is not None
    told = run(
        lab.twin,
        f"""
secret = call(
    "secretsmanager.us-east-1.amazonaws.com",
    "secretsmanager.GetSecretValue",
    {{"SecretId": "{workload.secret}"}},
)
parameter = call(
    "ssm.us-east-1.amazonaws.com",
    "AmazonSSM.GetParameters",
    {{"Names": ["/lab/app/colour"], "WithDecryption": True}},
)
print(json.dumps([secret[1]["SecretString"], parameter[1]["Parameters"][0]["Value"]]))
""",
    )
    assert told == ["nothing secret", "nothing secret either"]


def test_the_registry_knows_what_the_cloud_knows(own: tuple[Laboratory, OwnWorld]) -> None:
    """A tag is what was put there; of a tag or a repository that is not, ECR's codes tell."""
    lab, _ = own
    told = run(
        lab.twin,
        """
mine = {"authorization": token()}
base = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2"
found = fetch(base + "/lab/app/manifests/latest", mine)
paths = ("lab/app/manifests/none", "lab/none/manifests/latest")
missing = [fetch(f"{base}/{path}", mine) for path in paths]
print(json.dumps([
    [found[0], found[1]["docker-content-digest"]],
    [[status, json.loads(body)["errors"][0]["code"]] for status, _, body in missing],
]))
""",
    )
    assert told == [
        [200, lab_image().index.digest],
        [[404, "MANIFEST_UNKNOWN"], [404, "NAME_UNKNOWN"]],
    ]


def test_an_unimplemented_call_s_error_comes_through(own: tuple[Laboratory, OwnWorld]) -> None:
    """What the emulator cannot do reaches the client as the emulator says it."""
    lab, _ = own
    told = run(
        lab.twin,
        f"""
signed = SIGNED + "logs/aws4_request, SignedHeaders=host, Signature=0"
headers = {{"x-amz-target": "Logs_20140328.ListAnomalies", "authorization": signed}}
status, head, body = fetch("https://{LOGS}/", headers, "POST", "{{}}")
print(json.dumps([status, head["content-type"], "x-amzn-requestid" in head, len(body) > 0]))
""",
    )
    assert told == [500, "text/html; charset=utf-8", False, True]


def test_a_call_that_nobody_signed_is_refused(own: tuple[Laboratory, OwnWorld]) -> None:
    """Without an Authorization header there is no answer but AWS's refusal."""
    lab, _ = own
    told = run(
        lab.twin, f'print(json.dumps(call("{LOGS}", "Logs_20140328.PutLogEvents", {{}}, "")))'
    )
    assert told == [
        403,
        {
            "__type": "MissingAuthenticationTokenException",
            "message": "Missing Authentication Token",
        },
    ]


def refusal(snapshot: Snapshot, host: str, target: str, payload: object) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Return status and message of a call in the twin of ``snapshot``, which has no cloud."""
    with rehearse(snapshot) as lab:
        return run(
            lab.twin,
            f"status, said = call({host!r}, {target!r}, {payload!r})\n"
            'print(json.dumps([status, said["__type"], said["message"]]))',
        )


def test_an_endpoint_s_policy_refuses_in_aws_s_words() -> None:
    """What no statement allows is refused with the action and the resource named."""
    narrow = with_endpoint_policy(healthy(), "vpce-2", allow("logs:CreateLogStream"))

    told = refusal(narrow, LOGS, "Logs_20140328.PutLogEvents", PUT)

    assert told == [
        400,
        "AccessDeniedException",
        f"{USER}logs:PutLogEvents on resource: {STREAM} because no VPC endpoint policy allows the "
        "logs:PutLogEvents action",
    ]


def test_an_explicit_deny_is_told_as_one() -> None:
    """A statement that denies is told apart from one that is missing."""
    deny = {**allow("logs:PutLogEvents"), "Effect": "Deny"}
    denying = with_endpoint_policy(healthy(), "vpce-2", allow("*"), deny)

    told = refusal(denying, LOGS, "Logs_20140328.PutLogEvents", PUT)

    assert told == [
        400,
        "AccessDeniedException",
        f"{USER}logs:PutLogEvents on resource: {STREAM} with an explicit deny in a VPC endpoint "
        "policy",
    ]


def test_what_a_policy_allows_passes_it() -> None:
    """By resource and by the endpoint's own id: the refusal that comes is the missing cloud's."""
    mine = allow(
        "logs:PutLogEvents", resource="arn:aws:logs:us-east-1:123456789012:log-group:/ecs/*"
    )
    mine["Condition"] = {"StringEquals": {"aws:SourceVpce": "vpce-2"}}

    told = refusal(
        with_endpoint_policy(healthy(), "vpce-2", mine), LOGS, "Logs_20140328.PutLogEvents", PUT
    )

    assert told == [503, "ServiceUnavailable", "the lab has no cloud behind this server"]


def test_the_token_is_refused_by_the_policy_of_ecr_api() -> None:
    """The first link of a pull is under a policy, too."""
    narrow = with_endpoint_policy(healthy(), "vpce-0", allow("ecr:BatchGetImage"))
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"

    told = refusal(narrow, "api.ecr.us-east-1.amazonaws.com", target, {})

    assert told == [
        400,
        "AccessDeniedException",
        f"{USER}ecr:GetAuthorizationToken on resource: * because no VPC endpoint policy allows the "
        "ecr:GetAuthorizationToken action",
    ]


@pytest.mark.parametrize(
    ("allowed", "path", "action"),
    [
        ("ecr:GetDownloadUrlForLayer", "manifests/latest", "ecr:BatchGetImage"),
        (
            "ecr:BatchGetImage",
            f"blobs/{next(iter(lab_image().blobs))}",
            "ecr:GetDownloadUrlForLayer",
        ),
    ],
    ids=("manifest", "blob"),
)
def test_the_registry_is_under_the_policy_of_ecr_dkr(allowed: str, path: str, action: str) -> None:
    """Manifests are images and blobs are download URLs, whatever the registry's protocol says."""
    with rehearse(with_endpoint_policy(healthy(), "vpce-1", allow(allowed))) as lab:
        told = run(
            lab.twin,
            f"""
url = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/app/{path}"
status, _, body = fetch(url, {{"authorization": token()}})
print(json.dumps([status, json.loads(body)]))
""",
        )
    message = (
        f"{USER}{action} on resource: arn:aws:ecr:us-east-1:123456789012:repository/app because no "
        f"VPC endpoint policy allows the {action} action"
    )
    assert told == [403, {"errors": [{"code": "DENIED", "message": message}]}]


def test_a_dead_cloud_is_a_503_at_once() -> None:
    """Where the cloud has ended, calls are told so and do not hang."""
    with Twin.launch() as twin:
        path = Path(twin.folder, "cloud.sock")
        with Cloud.launch(path) as cloud:
            cloud.wait()
        twin.build(replace(plan_of(healthy()), cloud=str(path)))
        began = time.monotonic()
        told = run(twin, f'print(json.dumps(call("{LOGS}", "Logs_20140328.PutLogEvents", {{}})))')
    assert told == [
        503,
        {"__type": "ServiceUnavailable", "message": "the lab's cloud does not answer"},
    ]
    assert time.monotonic() - began < 5
