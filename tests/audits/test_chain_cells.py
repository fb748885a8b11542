"""Which cells of the start-up chain a finding blocks."""

from dataclasses import replace

import pytest
from audit_worlds import FARGATE, OWNER, PRIVATE, REGION, endpoint, scene, without, world
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.audits.chain_cells import with_chain_cells
from pytest_ecs_privatelink.audits.policies.endpoints import endpoint_policy_denies
from pytest_ecs_privatelink.audits.policies.s3_gateway import s3_gateway_policy
from pytest_ecs_privatelink.audits.register import judge
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.topology.cluster import Cluster, Container, TaskDefinition
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    Cell,
    Claim,
    Code,
    Finding,
    Remedy,
    Severity,
)

PULL, AWSLOGS, FETCH = Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET
A, B, _ = (each.id for each in PRIVATE)
ROLE = f"arn:aws:iam::{OWNER}:role/run"
GROUP = f"arn:aws:logs:{REGION}:{OWNER}:log-group:/ecs/app"


def chained(snapshot: Snapshot, *, writes: bool = True) -> Scene:
    """Return a scene of a run that has all chains."""
    return replace(scene(snapshot, FARGATE), chains=frozenset(CHAINS), writes=writes)


def logging(text: str) -> Snapshot:
    """Return a VPC whose tasks log to /ecs/app, through an endpoint with the policy ``text``."""
    container = Container(name="app", image="i", log_driver="awslogs", log_group="/ecs/app")
    task = TaskDefinition(
        arn=f"arn:aws:ecs:{REGION}:{OWNER}:task-definition/app:1",
        containers=(container,),
        execution_role=ROLE,
    )
    cluster = Cluster(
        arn=f"arn:aws:ecs:{REGION}:{OWNER}:cluster/c", name="c", task_definitions=(task,)
    )
    return world((*without("logs"), endpoint("logs", policy=text)), cluster=cluster)


def blocking(*cells: Cell) -> Finding:
    """Return a finding that blocks ``cells``."""
    return Finding(
        code=Code.NACL_BLOCKS,
        severity=Severity.ERROR,
        subject="acl-1",
        summary="it blocks",
        expected="no block",
        observed="a block",
        remedy=Remedy(),
        reference="https://docs.aws.amazon.com/",
        blocks=cells,
    )


@pytest.mark.parametrize("claim", PATH_CLAIMS)
@pytest.mark.parametrize(
    ("service", "chain"),
    [
        ("ecr.api", Cell(PULL, A, "ecr.dkr")),
        ("ecr.dkr", Cell(PULL, A, "ecr.dkr")),
        ("s3", Cell(PULL, A, "ecr.dkr")),
        ("logs", Cell(AWSLOGS, A, "logs")),
        ("secretsmanager", Cell(FETCH, A, "secretsmanager")),
        ("ssm", Cell(FETCH, A, "ssm")),
        ("kms", None),
        ("ecs-agent", None),
    ],
)
def test_a_blocked_path_blocks_its_chain(claim: Claim, service: str, chain: Cell | None) -> None:
    """In that subnet, and no other chain."""
    path = Cell(claim, A, service)
    told = with_chain_cells(blocking(path), chained(world(without())))
    assert told.blocks == (path, *((chain,) if chain else ()))


def test_a_chain_that_has_no_cells_is_not_blocked() -> None:
    """What this run does not prove, no finding speaks of."""
    finding = blocking(Cell(Claim.TCP_443, A, "logs"))
    assert with_chain_cells(finding, scene(world(without()), FARGATE)) is finding


def test_a_chain_is_blocked_once() -> None:
    """Three paths of one chain are one cell of it."""
    paths = tuple(Cell(Claim.TCP_443, A, each) for each in ("ecr.api", "ecr.dkr", "s3"))
    told = with_chain_cells(blocking(*paths), chained(world(without())))
    assert told.blocks == (*paths, Cell(PULL, A, "ecr.dkr"))


def test_all_findings_of_a_run_are_told_so() -> None:
    """Whoever runs all audits hears of chains."""
    findings, _ = judge(chained(world(without("logs"))))
    (missing,) = (each for each in findings if each.code is Code.ENDPOINT_MISSING)
    assert {cell for cell in missing.blocks if cell.claim is AWSLOGS} == {
        Cell(AWSLOGS, each.id, "logs") for each in PRIVATE
    }


@pytest.mark.parametrize(
    ("service", "action", "claim", "at"),
    [
        ("ecr.api", "ecr:GetAuthorizationToken", PULL, "ecr.dkr"),
        ("ecr.dkr", "ecr:BatchGetImage", PULL, "ecr.dkr"),
        ("ecr.dkr", "ecr:GetDownloadUrlForLayer", PULL, "ecr.dkr"),
        ("logs", "logs:CreateLogStream", AWSLOGS, "logs"),
        ("logs", "logs:PutLogEvents", AWSLOGS, "logs"),
        ("secretsmanager", "secretsmanager:GetSecretValue", FETCH, "secretsmanager"),
    ],
)
def test_a_policy_blocks_the_chain_whose_calls_it_denies(
    service: str, action: str, claim: Claim, at: str
) -> None:
    """In all subnets: one endpoint serves them."""
    text = policy(allow("*"), deny(action))
    snapshot = world((*without(service), endpoint(service, policy=text)))
    (finding,) = endpoint_policy_denies(chained(snapshot))
    assert isinstance(finding, Finding)
    assert finding.blocks == tuple(Cell(claim, each.id, at) for each in PRIVATE)


@pytest.mark.parametrize(
    ("text", "of_others"),
    [
        (policy(allow("*", Principal={"AWS": f"{ROLE}-of-others"})), True),
        (policy(allow("*"), deny("logs:*", Principal={"AWS": ROLE})), True),
        (policy(allow("logs:Get*")), False),
        (policy(allow("*"), deny("logs:PutLogEvents")), False),
        (policy(allow("*", Condition=when("StringEquals", "aws:SourceVpce", "vpce-x"))), False),
    ],
)
def test_a_policy_may_deny_the_tasks_role_alone(text: str, *, of_others: bool) -> None:
    """Then what a runner's own calls prove says nothing of it; what stops all callers it meets."""
    (finding,) = endpoint_policy_denies(chained(logging(text)))
    assert isinstance(finding, Finding)
    assert finding.blocks != ()
    assert finding.of_others is of_others


@pytest.mark.parametrize(
    ("text", "of_others"),
    [
        (policy(allow("*", f"{GROUP.replace('app', 'web')}:*")), True),
        (policy(allow("*"), deny("logs:*", f"{GROUP}:*")), True),
        (policy(allow("logs:Get*")), False),
    ],
)
def test_a_policy_may_deny_what_an_option_puts_another_in_the_place_of(
    text: str, *, of_others: bool
) -> None:
    """``--ecs-log-group /ecs/web`` proves nothing of the tasks' own group."""
    scene = chained(logging(text))
    (own,) = endpoint_policy_denies(scene)
    (another,) = endpoint_policy_denies(replace(scene, replaced=frozenset({"logs"})))
    assert isinstance(own, Finding)
    assert isinstance(another, Finding)
    assert (own.of_others, another.of_others) == (False, of_others)


def test_a_policy_that_denies_what_no_probe_calls_blocks_nothing() -> None:
    """Agents' and tasks' other calls are not the chain's."""
    text = policy(allow("*"), deny("ecs:Poll"))
    snapshot = world((*without("ecs-agent"), endpoint("ecs-agent", policy=text)))
    both = replace(scene(snapshot), chains=frozenset(CHAINS))
    assert all(each.blocks == () for each in endpoint_policy_denies(both))  # type: ignore[union-attr]  # findings


def test_a_run_that_writes_nothing_is_not_stopped_from_writing() -> None:
    """``--ecs-read-only`` describes log groups: a policy against events shows nothing there."""
    text = policy(allow("*"), deny("logs:PutLogEvents"))
    snapshot = world((*without("logs"), endpoint("logs", policy=text)))
    (finding,) = endpoint_policy_denies(chained(snapshot, writes=False))
    assert isinstance(finding, Finding)
    assert finding.blocks == ()


def test_the_gateways_policy_blocks_pulls_where_it_is_used() -> None:
    """Only subnets whose route table belongs to that gateway pull through it."""
    denies = policy(deny("s3:GetObject"))
    gateway = endpoint("s3", policy=denies)
    snapshot = world((*without("s3"), gateway))
    (finding,) = s3_gateway_policy(chained(snapshot))
    assert isinstance(finding, Finding)
    assert finding.blocks == tuple(Cell(PULL, each.id, "ecr.dkr") for each in PRIVATE)
    unused = world((*without("s3"), replace(gateway, route_tables=())))
    (finding,) = s3_gateway_policy(chained(unused))
    assert isinstance(finding, Finding)
    assert finding.blocks == ()
