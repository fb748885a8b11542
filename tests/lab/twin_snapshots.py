"""Hand-built snapshots for the twin's tests: a healthy VPC, and single changes to one."""

import json
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    Endpoint,
    EndpointType,
    GroupRule,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    Subnet,
    Vpc,
)

REGION = "us-east-1"
ACCOUNT = "123456789012"
VPC = "vpc-1"
AZS = ("us-east-1a", "us-east-1b", "us-east-1c")
TASKS, ENDPOINTS = "sg-tasks", "sg-endpoints"
SERVICES = ("ecr.api", "ecr.dkr", "logs")
MANY_SERVICES = (
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ecs", "ecs-agent", "ecs-telemetry", "ssm"),
    *("ssmmessages", "kms", "sts", "xray"),
)
S3_RANGES = ("52.216.0.0/15", "3.5.0.0/19")
S3_LIST, S3_GATEWAY = "pl-s3", "vpce-s3"

LOCAL = Route(destination="10.0.0.0/16", target=RouteTarget.LOCAL, target_id="local")
TO_S3 = Route(destination=S3_LIST, target=RouteTarget.GATEWAY_ENDPOINT, target_id=S3_GATEWAY)


def default_route(target: RouteTarget, target_id: str) -> Route:
    """Return a default route."""
    return Route(destination="0.0.0.0/0", target=target, target_id=target_id)


def https(**peer: str) -> GroupRule:
    """Return a rule for TCP 443 with one peer: cidr, group or prefix_list."""
    return GroupRule(protocol="tcp", from_port=443, to_port=443, **peer)


def everything(cidr: str = "0.0.0.0/0") -> GroupRule:
    """Return a rule for all traffic."""
    return GroupRule(protocol="-1", cidr=cidr)


def acl_entry(
    number: int, *, egress: bool, allow: bool = True, ports: tuple[int, int] | None = None
) -> AclEntry:
    """Return an entry for everybody: all traffic, or TCP to ``ports``."""
    first, last = ports or (None, None)
    return AclEntry(
        number=number,
        egress=egress,
        allow=allow,
        protocol="-1" if ports is None else "6",
        cidr="0.0.0.0/0",
        from_port=first,
        to_port=last,
    )


OPEN_ACL = NetworkAcl(
    id="acl-1",
    entries=(acl_entry(100, egress=True), acl_entry(100, egress=False)),
    default=True,
)


def subnet_id(i: int) -> str:
    """Return the id of the ``i``-th subnet."""
    return f"subnet-{i}"


def interface_address(subnet: int, service: int) -> str:
    """Return the address of an endpoint's interface, by the places of subnet and service."""
    return f"10.0.{subnet}.{10 + service}"


def healthy(
    subnets: int = 2,
    services: tuple[str, ...] = SERVICES,
    interfaces: int = 1,
) -> Snapshot:
    """Return a VPC where everything works; endpoints have interfaces in the first subnets."""
    return Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account=ACCOUNT,
        emulated=True,
        vpc=Vpc(
            id=VPC, owner=ACCOUNT, cidrs=("10.0.0.0/16",), dns_support=True, dns_hostnames=True
        ),
        subnets=tuple(
            Subnet(id=subnet_id(i), cidr=f"10.0.{i}.0/24", az=AZS[i % 3]) for i in range(subnets)
        ),
        endpoints=(
            *(_endpoint(i, service, interfaces) for i, service in enumerate(services)),
            Endpoint(
                id=S3_GATEWAY,
                service_name=service_name("s3", REGION),
                type=EndpointType.GATEWAY,
                state="available",
                private_dns=False,
                route_tables=("rtb-1",),
            ),
        ),
        route_tables=(RouteTable(id="rtb-1", routes=(LOCAL, TO_S3), main=True),),
        internet_gateways=(),
        nat_gateways=(),
        interfaces=tuple(
            Interface(
                id=f"eni-{i}-{j}",
                subnet=subnet_id(j),
                type="vpc_endpoint",
                addresses=(interface_address(j, i),),
                groups=(ENDPOINTS,),
            )
            for i in range(len(services))
            for j in range(interfaces)
        ),
        security_groups=(
            SecurityGroup(id=TASKS, vpc=VPC, name="tasks", ingress=(), egress=(everything(),)),
            SecurityGroup(
                id=ENDPOINTS,
                vpc=VPC,
                name="endpoints",
                ingress=(https(cidr="10.0.0.0/16"),),
                egress=(),
            ),
        ),
        network_acls=(OPEN_ACL,),
        prefix_lists=(PrefixList(id=S3_LIST, name=service_name("s3", REGION), cidrs=S3_RANGES),),
        hosted_zones=(),
        resolver_rules=(),
    )


def _endpoint(i: int, service: str, interfaces: int) -> Endpoint:
    return Endpoint(
        id=f"vpce-{i}",
        service_name=service_name(service, REGION),
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
        groups=(ENDPOINTS,),
        interfaces=tuple(f"eni-{i}-{j}" for j in range(interfaces)),
        dns_names=(
            f"vpce-{i}-x.{service}.{REGION}.vpce.amazonaws.com",
            *(
                f"vpce-{i}-x-{AZS[j % 3]}.{service}.{REGION}.vpce.amazonaws.com"
                for j in range(interfaces)
            ),
            *private_dns_names(service, REGION),
        ),
    )


def with_group(
    snapshot: Snapshot,
    group: str,
    *,
    ingress: tuple[GroupRule, ...] | None = None,
    egress: tuple[GroupRule, ...] | None = None,
) -> Snapshot:
    """Return ``snapshot`` with other rules in one group."""
    groups = tuple(
        replace(
            each,
            ingress=each.ingress if ingress is None else ingress,
            egress=each.egress if egress is None else egress,
        )
        if each.id == group
        else each
        for each in snapshot.security_groups or ()
    )
    return replace(snapshot, security_groups=groups)


def with_routes(snapshot: Snapshot, *routes: Route) -> Snapshot:
    """Return ``snapshot`` with other routes in its only table."""
    return replace(snapshot, route_tables=(RouteTable(id="rtb-1", routes=routes, main=True),))


def with_endpoints(snapshot: Snapshot, **changes: object) -> Snapshot:
    """Return ``snapshot`` with every interface endpoint changed."""
    endpoints = tuple(
        replace(each, **changes) if each.type is EndpointType.INTERFACE else each  # type: ignore[arg-type]
        for each in snapshot.endpoints
    )
    return replace(snapshot, endpoints=endpoints)


def with_endpoint_policy(snapshot: Snapshot, endpoint: str, *statements: object) -> Snapshot:
    """Return ``snapshot`` with a policy of these statements for one endpoint, by its id."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    endpoints = tuple(
        replace(each, policy=policy) if each.id == endpoint else each for each in snapshot.endpoints
    )
    return replace(snapshot, endpoints=endpoints)


def second_subnet_behind_nat(snapshot: Snapshot) -> Snapshot:
    """Return ``snapshot`` with the second subnet behind a NAT gateway in the third."""
    _, second, third = snapshot.subnets
    return replace(
        snapshot,
        route_tables=(
            *(snapshot.route_tables or ()),
            RouteTable(
                id="rtb-nat",
                routes=(LOCAL, default_route(RouteTarget.NAT_GATEWAY, "nat-1")),
                subnets=(second.id,),
            ),
            RouteTable(
                id="rtb-public",
                routes=(LOCAL, default_route(RouteTarget.INTERNET_GATEWAY, "igw-1")),
                subnets=(third.id,),
            ),
        ),
        nat_gateways=(NatGateway(id="nat-1", subnet=third.id, state="available", public=True),),
    )


CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"
REGISTERED = "2026-01-02T08:00:00.500000+00:00"


def instance_id(i: int) -> str:
    """Return the EC2 id of the ``i``-th subnet's container instance."""
    return f"i-{i:017x}"


def instance_address(i: int) -> str:
    """Return the private address of the ``i``-th subnet's container instance."""
    return f"10.0.{i}.100"


def with_instances(snapshot: Snapshot, groups: tuple[str, ...] = (TASKS,)) -> Snapshot:
    """Return ``snapshot`` with a cluster that has a container instance in every subnet."""
    interfaces = tuple(
        Interface(
            id=f"eni-instance-{i}",
            subnet=subnet.id,
            type="interface",
            addresses=(instance_address(i),),
            groups=groups,
            mac=f"02:00:00:00:00:{i:02x}",
            instance=instance_id(i),
            primary=True,
        )
        for i, subnet in enumerate(snapshot.subnets)
    )
    instances = tuple(
        ContainerInstance(
            arn=f"arn:aws:ecs:{REGION}:{ACCOUNT}:container-instance/shop/{i}",
            instance=instance_id(i),
            agent_version="1.90.0",
            agent_connected=True,
            registered=REGISTERED,
            subnet=subnet.id,
            groups=groups,
        )
        for i, subnet in enumerate(snapshot.subnets)
    )
    return replace(
        snapshot,
        interfaces=(*(snapshot.interfaces or ()), *interfaces),
        cluster=Cluster(arn=CLUSTER, name="shop", instances=instances),
    )
