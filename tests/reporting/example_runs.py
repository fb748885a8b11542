"""Runs to render: green, one dead endpoint, one dead subnet, and a big one."""

from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import Ground, ServiceGround, SubnetGround
from pytest_ecs_privatelink.reporting.run import (
    Run,
    RunFacts,
    RunStatus,
    ServiceFacts,
    SubnetFacts,
    count_cells,
)
from pytest_ecs_privatelink.verdict import (
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    LaunchType,
    Remedy,
    Severity,
    Verdict,
)

DNS, TCP = Claim.PRIVATE_DNS, Claim.TCP_443
SMALL = ("ecr.api", "ecr.dkr", "s3", "logs")
BIG = (*SMALL, "secretsmanager", "ecs", "ecs-agent", "ecs-telemetry", "ssm", "ssmmessages", "kms")
PENDING = Finding(
    code=Code.ENDPOINT_NOT_AVAILABLE,
    severity=Severity.ERROR,
    subject="vpce-logs",
    summary="the endpoint of logs is pending, not available.",
    expected="state available",
    observed="state pending",
    remedy=Remedy(
        cli=(
            "aws ec2 describe-vpc-endpoints --region eu-west-1 --vpc-endpoint-ids vpce-logs",
            "aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-logs",
        ),
        terraform="aws_vpc_endpoint.logs:\n  private_dns_enabled = true",
    ),
    reference="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
)


def subnets(count: int) -> tuple[SubnetFacts, ...]:
    """Return ``count`` private subnets, each with its vantage in the lab."""
    return tuple(
        SubnetFacts(
            id=f"subnet-{number}",
            name=f"private-{number}",
            az=f"eu-west-1{'abc'[number % 3]}",
            cidr=f"10.0.{number}.0/24",
            egress="none",
            vantage=f"lab:subnet-{number}",
        )
        for number in range(1, count + 1)
    )


def services(names: Iterable[str]) -> tuple[ServiceFacts, ...]:
    """Return endpoint services that all have an endpoint."""
    return tuple(
        ServiceFacts(
            service=name,
            need="assumed",
            launch_types=(LaunchType.FARGATE,),
            because="tasks pull and log",
            endpoint=f"vpce-{name}",
            names=(f"{name}.eu-west-1.amazonaws.com",),
        )
        for name in names
    )


def run_with(
    *,
    size: int = 3,
    names: tuple[str, ...] = SMALL,
    red: Iterable[Cell] = (),
    code: Code = Code.TCP_TIMEOUT,
    findings: tuple[Finding, ...] = (),
) -> Run:
    """Return a run over ``size`` subnets in which ``red`` failed with ``code``."""
    broken = set(red)
    places, under_test = subnets(size), services(names)
    checks = tuple(
        _check(Cell(claim, place.id, name), place.name, broken, code)
        for claim in (DNS, TCP)
        for place in places
        for name in names
    )
    return Run(
        facts=RunFacts(
            id="r1",
            started="2026-11-23T02:00:00Z",
            duration_s=1.5,
            status=RunStatus.FINISHED,
            exit_code=1 if broken else 0,
            target="lab",
            vpc="vpc-1",
            region="eu-west-1",
            partition="aws",
            launch_types=(LaunchType.FARGATE,),
            api_calls={"ec2:DescribeVpcs": 1},
            cells=count_cells(checks, under_test),
        ),
        subnets=places,
        services=under_test,
        checks=checks,
        causes=rank_causes(checks, findings, ground(places, names)),
        nodeids={check.id: f"test_{check.claim}.py::{check.id}" for check in checks},
    )


def ground(places: tuple[SubnetFacts, ...], names: tuple[str, ...]) -> Ground:
    """Return the ground under ``places``."""
    return Ground(
        vpc="vpc-1",
        region="eu-west-1",
        cidr="10.0.0.0/16",
        resolvers=("10.0.0.2",),
        services=tuple(
            ServiceGround(service=name, endpoint=f"vpce-{name}", gateway=True)
            if name == "s3"
            else ServiceGround(service=name, endpoint=f"vpce-{name}", groups=("sg-0ab1",))
            for name in names
        ),
        subnets=tuple(
            SubnetGround(
                id=each.id, name=each.name, cidr=each.cidr, acl=f"acl-{each.id}", table="rtb-1"
            )
            for each in places
        ),
    )


def _check(cell: Cell, slug: str, broken: set[Cell], code: Code) -> Check:
    check = Check(
        id=f"{cell.claim}[{slug}-{cell.service}]",
        claim=cell.claim,
        subnet=cell.subnet,
        service=cell.service,
        launch_types=(LaunchType.FARGATE,),
        vantage=f"lab:{cell.subnet}",
        verdict=Verdict.PASSED,
        basis=Basis.PROBED,
        phase="connect",
        expected=f"every address of {cell.service} accepts TCP on 443",
        observed="10.0.1.10:443 open",
        duration_ms=3.125,
    )
    if cell in broken:
        observed = "10.0.1.10:443: no answer to connect within 2.0 s"
        return replace(check, verdict=Verdict.FAILED, code=code, observed=observed)
    if cell.claim is TCP and replace_claim(cell) in broken:
        return replace(
            check,
            verdict=Verdict.SKIPPED,
            code=code,
            observed="nothing was sent",
            reason=f"private-dns failed: {code}",
        )
    return check


def replace_claim(cell: Cell) -> Cell:
    """Return the ``private-dns`` cell beside ``cell``."""
    return Cell(DNS, cell.subnet, cell.service)


def column(service: str, size: int = 3, claim: Claim = TCP) -> tuple[Cell, ...]:
    """Return the cells of one endpoint service in all of ``size`` subnets."""
    return tuple(Cell(claim, f"subnet-{number}", service) for number in range(1, size + 1))


def row(number: int, names: tuple[str, ...] = SMALL, claim: Claim = TCP) -> tuple[Cell, ...]:
    """Return the cells of all endpoint services in one subnet."""
    return tuple(Cell(claim, f"subnet-{number}", name) for name in names)


GREEN = run_with()
DEAD_ENDPOINT = run_with(red=column("logs"))
DEAD_SUBNET = run_with(red=row(2))
UNNAMED_ENDPOINT = run_with(red=column("logs", claim=DNS), code=Code.DNS_NXDOMAIN)
TWELVE = (*BIG, "sts")
LARGE = run_with(
    size=20, names=TWELVE, red=(*row(7, TWELVE), *column("kms", size=20), *column("logs", 3))
)
