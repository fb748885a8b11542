"""Grids of checks with breaks in them, and the ground that they stand on."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from pytest_ecs_privatelink.diagnosis.ground import Ground, ServiceGround, SubnetGround
from pytest_ecs_privatelink.verdict import (
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Remedy,
    Severity,
    Verdict,
)

SERVICES = ("ecr.api", "ecr.dkr", "s3", "logs")
SUBNETS = ("subnet-a", "subnet-b", "subnet-c")
DNS, TCP = Claim.PRIVATE_DNS, Claim.TCP_443


def ground(groups: Callable[[str], str] = lambda service: f"sg-{service}") -> Ground:
    """Return a VPC with an endpoint for each service; ``groups`` says what each one wears."""
    return Ground(
        vpc="vpc-1",
        region="eu-west-1",
        cidr="10.0.0.0/16",
        resolvers=("10.0.0.2",),
        dhcp_options="dopt-1",
        services=tuple(
            ServiceGround(service=each, endpoint=f"vpce-{each}", gateway=True)
            if each == "s3"
            else ServiceGround(service=each, endpoint=f"vpce-{each}", groups=(groups(each),))
            for each in SERVICES
        ),
        subnets=tuple(
            SubnetGround(
                id=each,
                name=each.replace("subnet", "private"),
                cidr=f"10.0.{number}.0/24",
                acl="acl-1",
                table="rtb-1",
            )
            for number, each in enumerate(SUBNETS)
        ),
    )


def check(cell: Cell, verdict: Verdict, code: Code | None = None) -> Check:
    """Return a probed check of ``cell``."""
    return Check(
        id=f"{cell.claim}[{cell.subnet}-{cell.service}]",
        claim=cell.claim,
        subnet=cell.subnet,
        service=cell.service,
        verdict=verdict,
        basis=Basis.PROBED,
        code=code,
        expected="works",
        observed="does not" if code else "works",
        reason=f"private-dns failed: {code}" if verdict is Verdict.SKIPPED else None,
    )


def cells(
    claims: Iterable[Claim] = (DNS, TCP),
    subnets: Iterable[str] = SUBNETS,
    services: Iterable[str] = SERVICES,
) -> tuple[Cell, ...]:
    """Return the cells of a part of the matrix."""
    services, subnets = tuple(services), tuple(subnets)
    return tuple(
        Cell(claim, subnet, service)
        for claim in claims
        for subnet in subnets
        for service in services
    )


def run_with(
    red: Iterable[Cell], code: Code, verdict: Verdict = Verdict.FAILED
) -> tuple[Check, ...]:
    """Return the matrix, green but for ``red``; what cannot follow a failed name is skipped."""
    broken = set(red)
    unnamed = {(each.subnet, each.service) for each in broken if each.claim is DNS}
    checks = []
    for cell in cells():
        if cell in broken:
            checks.append(check(cell, verdict, code))
        elif (cell.subnet, cell.service) in unnamed and verdict is Verdict.FAILED:
            checks.append(check(cell, Verdict.SKIPPED, code))
        else:
            checks.append(check(cell, Verdict.PASSED))
    return tuple(checks)


def finding(
    code: Code, subject: str, blocks: Iterable[Cell], severity: Severity = Severity.ERROR
) -> Finding:
    """Return a finding that blocks ``blocks``."""
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        summary=f"{subject} is wrong.",
        expected="right",
        observed="wrong",
        remedy=Remedy(("aws ec2 mend",)),
        reference="https://docs.aws.amazon.com/x",
        blocks=tuple(blocks),
    )


def audit(held: Finding, verdict: Verdict = Verdict.FAILED) -> Check:
    """Return the audit check that goes with a finding."""
    plain = check(Cell(Claim.AUDIT, "", ""), verdict, held.code)
    return replace(
        plain,
        id=f"audit[{held.code}-{held.subject}]",
        subnet=None,
        service=None,
        subject=held.subject,
        basis=Basis.DERIVED,
    )
