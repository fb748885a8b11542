"""Tasks on broken twins: ECS's words for each step that fails, for Fargate and for EC2."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from ecs_words import (
    ARGS,
    AUTH,
    COPY,
    DRIVER,
    ECR,
    LAYERS,
    PRIVATE,
    PUBLIC,
    PULL,
    REGISTRY,
    RESOLVER,
    SDK,
    TOKEN,
    USER,
)
from task_client import Task, TaskClient, groups_of

from pytest_ecs_privatelink.lab import workload_edits as edits
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.policy_faults import DENY_ONLY, OWN_BUCKET
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.probes.task_records import Stopped, StoppedContainer
from pytest_ecs_privatelink.stopped.explain import explain
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import RouteTarget, Snapshot
from pytest_ecs_privatelink.verdict import Code


@dataclass(frozen=True)
class Broken:
    """A break of the snapshot or the twin, and what is said of a task of each launch type.

    ``ec2`` is what is said of the container where ``of_container``, else of the task. ``services``
    are those to blame, for Fargate and for EC2; None where the words are in no table of AWS's.
    """

    services: tuple[str, str] | None

    fargate: str
    ec2: str
    edit: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
    twin: tuple[TwinFault, ...] = ()
    of_container: bool = True


def _closed_groups(snapshot: Snapshot) -> Snapshot:
    """Have no security group admit anything."""
    groups = tuple(replace(each, ingress=()) for each in snapshot.security_groups or ())
    return replace(snapshot, security_groups=groups)


def _closed_acls(snapshot: Snapshot) -> Snapshot:
    """Have every ACL let nothing out of a subnet."""
    acls = tuple(
        replace(acl, entries=tuple(each for each in acl.entries if not each.egress))
        for acl in snapshot.network_acls or ()
    )
    return replace(snapshot, network_acls=acls)


def _without(*services: str) -> Callable[[Snapshot], Snapshot]:
    return lambda snapshot: edits.without(snapshot, *services)


def _without_gateway(snapshot: Snapshot) -> Snapshot:
    """Take the gateway endpoint away with the routes that lead there."""
    tables = tuple(
        replace(
            table,
            routes=tuple(
                each for each in table.routes if each.target is not RouteTarget.GATEWAY_ENDPOINT
            ),
        )
        for table in snapshot.route_tables or ()
    )
    return replace(edits.without(snapshot, "s3"), route_tables=tables)


def _with_policy(service: str, policy: str) -> Callable[[Snapshot], Snapshot]:
    def give(snapshot: Snapshot) -> Snapshot:
        chosen = endpoints_for(snapshot, service)
        endpoints = tuple(
            replace(each, policy=policy) if each in chosen else each for each in snapshot.endpoints
        )
        return replace(snapshot, endpoints=endpoints)

    return give


BROKEN = {
    "group": Broken(
        services=("ecr.api", "secretsmanager"),
        edit=_closed_groups,
        fargate=f"{TOKEN} .*{SDK} {ECR}: dial tcp {PRIVATE}:443: i/o timeout",
        ec2="ResourceInitializationError: Fetching secret data from AWS Secrets Manager in region"
        f" us-east-1: .*dial tcp {PRIVATE}:443: i/o timeout",
        of_container=False,
    ),
    "acl": Broken(
        services=("secretsmanager", "secretsmanager"),
        edit=lambda snapshot: _closed_acls(edits.without(snapshot, "secretsmanager", "ssm")),
        fargate=f"{AUTH}unable to retrieve secret from asm: The task cannot pull secrets from AWS"
        f" Secrets Manager\\. There is a connection issue.*dial tcp {PUBLIC}:443: i/o timeout",
        ec2=f"ResourceInitializationError: Fetching .*dial tcp {PUBLIC}:443: i/o timeout",
        of_container=False,
    ),
    "endpoint of logs": Broken(
        services=("logs", "logs"),
        edit=_without("logs"),
        fargate=f"{ARGS}The task cannot find the Amazon CloudWatch log group defined in the task"
        " definition\\. There is a connection issue between the task and Amazon CloudWatch\\."
        " Check your network configuration\\. : signal: killed",
        ec2=f"{DRIVER}{SDK} .*logs.*: dial tcp {PUBLIC}:443: i/o timeout",
    ),
    "endpoint of ecr.dkr": Broken(
        services=("ecr.dkr", "ecr.dkr"),
        edit=_without("ecr.dkr"),
        fargate=f"{PULL}pull image manifest has been retried 5 time\\(s\\): failed to resolve ref"
        f' 123456789012\\.dkr.*/lab/app:latest: failed to do request: Head "{REGISTRY}lab/app/'
        f'manifests/latest": dial tcp {PUBLIC}:443: i/o timeout',
        ec2=f'{PULL}Error response from daemon: Get "{REGISTRY}": dial tcp {PUBLIC}:443: i/o'
        " timeout",
    ),
    "gateway of s3": Broken(
        services=("s3", "s3"),
        edit=_without_gateway,
        fargate=f'{COPY}: failed to do request: Get "{LAYERS}[^?"]+": dial tcp {PUBLIC}:443: i/o'
        " timeout",
        ec2=f"{COPY}: failed to do request: Get REDACTED ECR URL related to .*/lab/app:latest:"
        f" dial tcp {PUBLIC}:443: i/o timeout",
    ),
    "policy of the gateway": Broken(
        services=("s3", "s3"),
        edit=_with_policy("s3", OWN_BUCKET),
        fargate=f"{COPY}: unexpected status code 403 Forbidden",
        ec2=f"{PULL}Error response from daemon: error pulling image configuration: error parsing"
        " HTTP 403 response body: .*<Code>AccessDenied</Code>.*",
    ),
    "policy of logs": Broken(
        services=("logs", "logs"),
        edit=_with_policy("logs", DENY_ONLY),
        fargate=f"{ARGS}create stream has been retried 1 times: failed to create Cloudwatch log"
        " stream: operation error CloudWatch Logs: CreateLogStream, https response error"
        f" StatusCode: 400, RequestID: \\S+, api error AccessDeniedException: {USER} is not"
        r" authorized to perform: logs:CreateLogStream on resource: \S+ because no VPC endpoint"
        " policy allows the logs:CreateLogStream action : exit status 1",
        ec2=f"{DRIVER}AccessDeniedException: {USER} .* because no VPC endpoint policy .*",
    ),
    "name of ecr.api": Broken(
        services=("ecr.api", "ecr.api"),
        twin=(TwinFault(Code.DNS_NXDOMAIN, "ecr.api"),),
        fargate=f"{TOKEN} .*: dial tcp: lookup api\\.ecr\\.us-east-1\\.amazonaws\\.com on"
        f" {RESOLVER}:53: no such host",
        ec2=f"{PULL}The task can't pull the image\\. Check your network configuration\\. {SDK}"
        f" {ECR}: dial tcp: lookup .*: no such host",
    ),
    "certificate of ecr.api": Broken(
        services=("ecr.api", "ecr.api"),
        twin=(TwinFault(Code.TLS_CERTIFICATE, "ecr.api"), TwinFault(Code.TCP_REFUSED, "logs")),
        fargate=f"{TOKEN} .*: tls: failed to verify certificate: x509: certificate has expired or"
        " is not yet valid",
        ec2=f"{PULL}The task can't pull the image\\. .*: x509: certificate has expired or .*",
    ),
    "listener of logs": Broken(
        services=("logs", "logs"),
        twin=(TwinFault(Code.TCP_REFUSED, "logs"),),
        fargate=f"{ARGS}create stream has been retried 1 times: .*{SDK} .*: dial tcp"
        f" {PRIVATE}:443: connect: connection refused : exit status 1",
        ec2=f"{DRIVER}{SDK} .*: dial tcp {PRIVATE}:443: connect: connection refused",
    ),
    "silence of the resolver": Broken(
        services=("ecr.api", "secretsmanager"),
        twin=(TwinFault(Code.DNS_TIMEOUT),),
        fargate=f"{TOKEN} .*: dial tcp: lookup api\\.ecr\\.us-east-1\\.amazonaws\\.com on"
        f" {RESOLVER}:53: read udp: i/o timeout",
        ec2="ResourceInitializationError: Fetching .*: lookup .*: read udp: i/o timeout",
        of_container=False,
    ),
    "silence of secretsmanager": Broken(
        services=("secretsmanager", "secretsmanager"),
        twin=(TwinFault(Code.SECRET_UNREACHABLE),),
        fargate=f"{AUTH}unable to retrieve secret from asm: .*Client\\.Timeout exceeded while"
        " awaiting headers\\)",
        ec2="ResourceInitializationError: Fetching .*Client\\.Timeout exceeded .*",
        of_container=False,
    ),
    "digest of a layer": Broken(
        services=("ecr.dkr", "ecr.dkr"),
        twin=(TwinFault(Code.ECR_DIGEST),),
        fargate=f'{PULL}ref pull .*: failed commit on ref "layer-sha256:\\w+": unexpected commit'
        r" digest sha256:\w+, expected sha256:\w+: failed precondition",
        ec2=f"{PULL}ref pull .*: unexpected commit digest .*",
    ),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[Laboratory, TaskClient, Snapshot]]:
    """Build the lab's own world; twins of it, broken ones, are each test's own."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        yield lab, TaskClient(lab, own.world), own.reading.snapshot


@pytest.mark.parametrize("name", BROKEN)
def test_a_step_that_fails_is_told_in_ecs_own_words(
    lab: tuple[Laboratory, TaskClient, Snapshot], name: str
) -> None:
    """Fargate says of the task what it says of the container; the agent says it of one of them."""
    laboratory, client, snapshot = lab
    broken = BROKEN[name]
    subnet = client.world.subnets["private-b"]
    laboratory.renew_twin()
    laboratory.build_twin(broken.edit(snapshot), (subnet,), groups_of(client.world), broken.twin)

    fargate, ec2 = client.follow(*(client.start(kind, subnet) for kind in ("FARGATE", "EC2")))

    assert re.fullmatch(broken.fargate, fargate["stoppedReason"]), fargate["stoppedReason"]
    said = ec2["containers"][0].get("reason") if broken.of_container else ec2["stoppedReason"]
    assert re.fullmatch(broken.ec2, said), said
    for task in (fargate, ec2):
        assert (task["stopCode"], task["lastStatus"]) == ("TaskFailedToStart", "STOPPED")
        assert "exitCode" not in task["containers"][0]
        assert "X-Amz" not in str(task)
    assert fargate["containers"][0].get("reason") in (None, fargate["stoppedReason"])
    if broken.of_container:
        assert ec2["stoppedReason"] == "Task failed to start"
    if broken.services is not None:
        assert tuple(_blamed(each) for each in (fargate, ec2)) == broken.services


def _blamed(task: Task) -> str | None:
    """Return the endpoint service that our own reading of a task's words blames."""
    explanation = explain(
        Stopped(
            code=task["stopCode"],
            reason=task["stoppedReason"],
            containers=tuple(
                StoppedContainer(name=each["name"], reason=each.get("reason", ""))
                for each in task["containers"]
            ),
        )
    )
    assert explanation.known
    return explanation.service
