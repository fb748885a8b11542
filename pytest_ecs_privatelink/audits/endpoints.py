"""Audits of endpoints as such: missing, of another Region, not available."""

from collections.abc import Iterable, Iterator

from pytest_ecs_privatelink.audits.lacks import (
    SHUT,
    Hidden,
    Lack,
    cells,
    elsewhere,
    hidden,
    lacks,
    weighed_blindly,
)
from pytest_ecs_privatelink.audits.remedies import (
    deletion,
    new_endpoint,
    same_endpoint_again,
    state_of,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, ServiceName, service_name
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.lookup import (
    aws_endpoints,
    endpoints_for,
    is_beyond_repair,
)
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot, Subnet
from pytest_ecs_privatelink.verdict import (
    Cell,
    Code,
    Finding,
    LaunchType,
    Remedy,
    Severity,
)

MISSING_CODES = (
    Code.ENDPOINT_MISSING,
    Code.ENDPOINT_MISSING_PUBLIC_PATH,
    Code.S3_GATEWAY_MISSING,
)
_STATES_PAGE = "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"
_ECS_THREE = frozenset({"ecs", "ecs-agent", "ecs-telemetry"})
_SPELT_OUT = 4  # names; more are counted, so that a summary stays one line
_WAYS = {
    Egress.NONE: "none",
    Egress.PEERING: "a peering connection, which leads to the peer only",
    Egress.NAT: "NAT",
    Egress.IGW: "an internet gateway",
    Egress.TRANSIT: "a transit gateway",
    Egress.APPLIANCE: "an appliance",
    Egress.VPN: "a VPN gateway",
    Egress.UNKNOWN: "an unknown way out",
}


def missing(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find needed endpoint services without endpoint (R1, R3, R4, R5, R7, R8).

    Not to be judged from a snapshot where a hosted zone, resolver rule or Profile may answer for
    the names; silent where an endpoint of another Region's service is the better thing to say.
    """
    for requirement in scene.requirements:
        service = requirement.service
        optional = requirement.need is Need.POSSIBLE and not requirement.absence_warns
        if optional or _existing(scene.snapshot, service):
            continue
        found = lacks(scene, requirement)
        if unseen := _unjudged(scene, requirement, found):
            gateway = SERVICES[service].gateway
            code = Code.S3_GATEWAY_MISSING if gateway else Code.ENDPOINT_MISSING
            yield Unseen(
                code=code, subject=service, reason=unseen.reason, permissions=unseen.permissions
            )
            continue
        copied = bool(_foreign(scene, service))
        for lack in found:
            if not (copied and lack.severity is Severity.ERROR):
                yield _missing(scene, requirement, lack)


def _unjudged(scene: Scene, requirement: Requirement, found: tuple[Lack, ...]) -> Hidden | None:
    """Return why the absence of the requirement's endpoint cannot be judged, or None."""
    if other := elsewhere(scene, requirement.service):
        return Hidden(f"{other} may answer for it: only probing can tell")
    blind = None if requirement.need is Need.POSSIBLE else weighed_blindly(scene, found)
    return hidden(scene.snapshot) or blind


def _missing(scene: Scene, requirement: Requirement, lack: Lack) -> Finding:
    service = requirement.service
    vpc, where, ways = scene.snapshot.vpc.id, _subnets(lack.subnets), _ways(scene, lack.subnets)
    kind = "gateway endpoint" if SERVICES[service].gateway else "interface endpoint"
    consequence = _consequence(scene, lack, where, ways)
    return Finding(
        code=lack.code,
        severity=lack.severity,
        subject=service,
        summary=f"{vpc} has no {kind} for {service}, and {consequence}: {requirement.because}",
        expected=f"{kind} for {service_name(service, scene.snapshot.region)} in {vpc}",
        observed=f"no such endpoint; way out of {where}: {ways}",
        remedy=_creation(scene, service, lack.subnets, requirement.launch_types),
        reference=SERVICES[service].page,
        launch_types=requirement.launch_types,
        blocks=() if requirement.need is Need.POSSIBLE else cells(requirement, lack.subnets),
    )


def _consequence(scene: Scene, lack: Lack, where: str, ways: str) -> str:
    egress = {scene.egress[subnet.id] for subnet in lack.subnets}
    if lack.code is Code.ENDPOINT_MISSING_PUBLIC_PATH:
        return f"{where} can reach it only through {ways}, off the private path"
    if egress <= SHUT:
        return f"there is no other way out of {where}"
    if lack.severity is Severity.ERROR:
        return f"--ecs-require-private accepts no other way out of {where}"
    return f"what lies beyond {ways} is not visible from {where}"


def wrong_region(scene: Scene) -> Iterator[Finding]:
    """Find endpoints of another Region's service, as copied templates bring them (R2, R9).

    Not one that AWS offers across Regions and that says so (ServiceRegion).
    """
    needed = {requirement.service: requirement for requirement in scene.requirements}
    for service in sorted({name.service for _, name in _catalogued(scene)}):
        for endpoint, name in _foreign(scene, service):
            yield _wrong_region(scene, endpoint, name, needed.get(service))


def _foreign(scene: Scene, service: str) -> tuple[tuple[Endpoint, ServiceName], ...]:
    return tuple(
        (endpoint, name)
        for endpoint, name in _catalogued(scene)
        if name.service == service
        and name.region not in (scene.snapshot.region, None)
        and not (SERVICES[service].cross_region and endpoint.service_region == name.region)
    )


def _wrong_region(
    scene: Scene, endpoint: Endpoint, name: ServiceName, requirement: Requirement | None
) -> Finding:
    snapshot, service = scene.snapshot, name.service
    own = _existing(snapshot, service)
    others = own[0].id if own else elsewhere(scene, service)
    alone = others is None and hidden(snapshot) is None
    creation = Remedy()
    blocked: tuple[Cell, ...] = ()
    if alone:
        creation = _creation(scene, service, scene.subnets, scene.launch_types)
        blocked = _blocked_by_absence(scene, requirement)
    besides = "that has none of its own"
    if others:
        besides = f"{others} {'serves' if own else 'may serve'} that"
    return Finding(
        code=Code.ENDPOINT_WRONG_REGION,
        severity=Severity.ERROR if alone else Severity.WARNING,
        subject=endpoint.id,
        summary=(
            f"{endpoint.id} is for {service} of {name.region}, but the VPC is in"
            f" {snapshot.region}, and {besides}: endpoints do not serve other Regions"
        ),
        expected=service_name(service, snapshot.region),
        observed=endpoint.service_name,
        remedy=Remedy((*creation.cli, deletion(snapshot, endpoint)), creation.terraform),
        reference=SERVICES[service].page,
        launch_types=requirement.launch_types if requirement else scene.launch_types,
        blocks=blocked,
    )


def _blocked_by_absence(scene: Scene, requirement: Requirement | None) -> tuple[Cell, ...]:
    if requirement is None or requirement.need is Need.POSSIBLE:
        return ()
    missed = (each for each in lacks(scene, requirement) if each.severity is Severity.ERROR)
    return tuple(cell for lack in missed for cell in cells(requirement, lack.subnets))


def not_available(scene: Scene) -> Iterator[Finding]:
    """Find endpoints that exist but do not serve yet, or any more.

    A warning where another endpoint of the same service is available, or nothing needs it.
    """
    needed = {requirement.service: requirement for requirement in scene.requirements}
    for endpoint, name in _catalogued(scene):
        if endpoint.state != "available" and name.region == scene.snapshot.region:
            yield _not_available(scene, endpoint, name.service, needed.get(name.service))


def _not_available(
    scene: Scene, endpoint: Endpoint, service: str, requirement: Requirement | None
) -> Finding:
    others = (each for each in _existing(scene.snapshot, service) if each.type is endpoint.type)
    served = any(each.state == "available" for each in others)
    error = f" ({endpoint.last_error})" if endpoint.last_error else ""
    state = f"{endpoint.state}{error}"
    return Finding(
        code=Code.ENDPOINT_NOT_AVAILABLE,
        severity=Severity.WARNING if served or requirement is None else Severity.ERROR,
        subject=endpoint.id,
        summary=f"{endpoint.id} for {service} is {state}: {_advice(endpoint)}",
        expected="state available",
        observed=f"state {state}",
        remedy=_revival(scene, endpoint, service),
        reference=_STATES_PAGE,
        launch_types=requirement.launch_types if requirement else scene.launch_types,
        blocks=() if served else cells(requirement, scene.subnets),
    )


def _advice(endpoint: Endpoint) -> str:
    if endpoint.state == "pending":
        return "wait, minutes at most, then run again"
    if is_beyond_repair(endpoint):
        return "it will not recover, so delete it and create it again"
    return "look at its last error"


def _revival(scene: Scene, endpoint: Endpoint, service: str) -> Remedy:
    if is_beyond_repair(endpoint):
        return same_endpoint_again(scene.snapshot, service, endpoint)
    return Remedy((state_of(scene.snapshot, endpoint),))


def _creation(
    scene: Scene, service: str, subnets: Iterable[Subnet], launch_types: tuple[LaunchType, ...]
) -> Remedy:
    remedy = new_endpoint(scene.snapshot, service, subnets)
    if service not in _ECS_THREE or LaunchType.EC2 not in launch_types:
        return remedy
    order = (  # R17, R18; a comment, so that the lines can be pasted as they are
        "# container instances exist already? create ecs-agent, ecs-telemetry, ecs in this order,"
        " then restart each agent"
    )
    return Remedy((order, *remedy.cli), remedy.terraform)


def _existing(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    return endpoints_for(snapshot, service, beyond_repair=True)


def _catalogued(scene: Scene) -> tuple[tuple[Endpoint, ServiceName], ...]:
    return tuple(each for each in aws_endpoints(scene.snapshot) if each[1].service in SERVICES)


def _subnets(subnets: tuple[Subnet, ...]) -> str:
    names = [subnet.name or subnet.id for subnet in subnets]
    if len(names) > _SPELT_OUT:
        return f"{len(names)} subnets"
    return ", ".join(names)


def _ways(scene: Scene, subnets: tuple[Subnet, ...]) -> str:
    return " or ".join(sorted({_WAYS[scene.egress[subnet.id]] for subnet in subnets}))
