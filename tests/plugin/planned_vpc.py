"""A VPC of two private subnets for the tests of plans and verdicts."""

from dataclasses import replace
from typing import Any

from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.verdict import Basis, Check, Claim, Verdict

REGION = "us-west-2"
SERVICES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
EVERY_SERVICE = (*SERVICES, "ecs", "ecs-agent", "ecs-telemetry")
SUBNETS = tuple(
    Subnet(id=f"subnet-{az}", cidr=f"10.0.{i}.0/24", az=f"{REGION}{az}", name=f"private-{az}")
    for i, az in enumerate("ab")
)


def endpoint(service: str, **changes: Any) -> Endpoint:  # noqa: ANN401  (fields of Endpoint)
    """Return an available interface endpoint."""
    made = Endpoint(
        id=f"vpce-{service.replace('.', '')}",
        service_name=service_name(service, REGION),
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
    )
    return replace(made, **changes)


GATEWAY = endpoint("s3", type=EndpointType.GATEWAY, private_dns=False, route_tables=("rtb-1",))


def vpc(*services: str, **changes: Any) -> Snapshot:  # noqa: ANN401  (fields of Snapshot)
    """Return the VPC with endpoints for ``services`` and the S3 gateway."""
    local = Route(destination="10.0.0.0/16", target=RouteTarget.LOCAL, target_id="local")
    snapshot = Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account="111111111111",
        emulated=True,
        vpc=Vpc(id="vpc-1", owner="111111111111", cidrs=("10.0.0.0/16", "100.64.0.0/16")),
        subnets=SUBNETS,
        endpoints=(*(endpoint(service) for service in services), GATEWAY),
        route_tables=(RouteTable(id="rtb-1", routes=(local,), main=True),),
        hosted_zones=(),
        resolver_rules=(),
        route53_profiles=(),
    )
    return replace(snapshot, **changes)


def planned(snapshot: Snapshot, /, **said: Any) -> Plan:  # noqa: ANN401  (fields of Settings)
    """Return the plan for what the user said."""
    return make_plan(Settings(vpc="vpc-1", **said), snapshot, basis=Basis.PROBED, ca_file=None)


def check(
    verdict: Verdict,
    claim: Claim = Claim.PRIVATE_DNS,
    service: str | None = "logs",
    **changes: Any,  # noqa: ANN401  (fields of Check)
) -> Check:
    """Return the check of a cell in private-a."""
    made = Check(
        id=f"{claim}[private-a-{service}]",
        claim=claim,
        subnet="subnet-a",
        service=service,
        verdict=verdict,
        basis=Basis.PROBED,
        expected="it holds",
        observed="something",
        reason="why" if verdict in (Verdict.SKIPPED, Verdict.ERROR) else None,
    )
    return replace(made, **changes)
