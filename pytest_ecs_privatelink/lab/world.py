"""The lab's healthy world: a VPC without internet path in which ECS tasks can start.

Seeded through the API only, least privilege throughout, so that each rule is needed by something:

- the endpoints' group admits 443 from the three private subnets' ranges (R11, in its own words);
- the tasks' and the container instances' groups let 443 out to the endpoints' group and to the S3
  prefix list, and nothing else: the VPC resolver needs no rule;
- the private subnets share one route table, which knows the VPC and the S3 gateway endpoint.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_ecs_privatelink.lab.cloud import ACCOUNT, REGION, Client
from pytest_ecs_privatelink.lab.world_ecs import (
    CLUSTER,
    Workload,
    build_workload,
    register_instances,
)

if TYPE_CHECKING:
    import boto3

VPC_CIDR = "10.0.0.0/16"
SUBNET_CIDRS = {
    "private-a": "10.0.1.0/24",
    "private-b": "10.0.2.0/24",
    "private-c": "10.0.3.0/24",
}
IN_ORDER = ("ecs-agent", "ecs-telemetry", "ecs")
"""The order in which R17 wants the ECS endpoints made where container instances exist."""
INTERFACE_SERVICES = (
    *IN_ORDER,
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "kms"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Ids of what stands in the lab's cloud, for settings, faults and tests.

    ``subnets`` maps Name tags to ids, ``endpoints`` endpoint services to endpoint ids.
    ``workload`` is what runs there; None where only the network was seeded.
    """

    vpc_id: str
    region: str
    account: str
    subnets: Mapping[str, str]
    route_table: str
    endpoints: Mapping[str, str]
    endpoint_group: str
    task_groups: tuple[str, ...]
    instance_groups: tuple[str, ...]
    s3_prefix_list: str
    workload: Workload | None = None


def build_world(
    session: "boto3.Session", *, workload: bool = True, cluster: str = CLUSTER
) -> World:
    """Seed the healthy world through ``session``; ``workload=False`` leaves ECS itself out.

    Takes about 0.6 s. Raises botocore's ClientError where the cloud is no moto, or has a workload
    of that ``cluster`` already.
    """
    ec2 = session.client("ec2")
    vpc_id = _create_vpc(ec2)
    subnets = {name: create_subnet(ec2, vpc_id, name, cidr) for name, cidr in SUBNET_CIDRS.items()}
    prefix_list = _s3_prefix_list(ec2)
    endpoint_group = _create_endpoint_group(ec2, vpc_id)
    tasks, instances = (
        _create_client_group(ec2, vpc_id, name, endpoint_group, prefix_list)
        for name in ("tasks", "instances")
    )
    with ThreadPoolExecutor(1) as beside:
        seeding = workload and beside.submit(
            build_workload, session, tuple(subnets.values()), tasks, cluster
        )
        route_table = create_route_table(ec2, vpc_id, "private", subnets.values())
        endpoints = {
            service: create_interface_endpoint(
                ec2, vpc_id, service, subnets.values(), (endpoint_group,)
            )
            for service in INTERFACE_SERVICES
        }
        endpoints["s3"] = _create_s3_gateway(ec2, vpc_id, route_table)
    running = seeding.result() if seeding else None
    if running is not None:
        # After the endpoints, so that their agents know them from the start (R18).
        there = tuple(subnets.values())
        register_instances(session, cluster, there, instances)
    return World(
        vpc_id=vpc_id,
        region=REGION,
        account=ACCOUNT,
        subnets=subnets,
        route_table=route_table,
        endpoints=endpoints,
        endpoint_group=endpoint_group,
        task_groups=(tasks,),
        instance_groups=(instances,),
        s3_prefix_list=prefix_list,
        workload=running,
    )


def named(kind: str, name: str) -> list[dict[str, Any]]:
    """Return the TagSpecifications that name a new resource of ``kind``."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def create_subnet(ec2: Client, vpc_id: str, name: str, cidr: str) -> str:
    """Create a subnet in the zone that the last letter of ``name`` says; return its id."""
    made = ec2.create_subnet(
        VpcId=vpc_id,
        CidrBlock=cidr,
        AvailabilityZone=f"{REGION}{name[-1]}",
        TagSpecifications=named("subnet", name),
    )
    return str(made["Subnet"]["SubnetId"])


def create_route_table(ec2: Client, vpc_id: str, name: str, subnets: Iterable[str]) -> str:
    """Create a route table with explicit associations to ``subnets``; return its id."""
    made = ec2.create_route_table(VpcId=vpc_id, TagSpecifications=named("route-table", name))
    route_table = str(made["RouteTable"]["RouteTableId"])
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=route_table, SubnetId=subnet)
    return route_table


def create_interface_endpoint(
    ec2: Client,
    vpc_id: str,
    service: str,
    subnets: Iterable[str],
    groups: Iterable[str],
    *,
    private_dns: bool = True,
    region: str = REGION,
) -> str:
    """Create an interface endpoint for ``service`` of ``region``; return its id."""
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{region}.{service}",
        SubnetIds=list(subnets),
        SecurityGroupIds=list(groups),
        PrivateDnsEnabled=private_dns,
        TagSpecifications=named("vpc-endpoint", service),
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def https(**source: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return IpPermissions for TCP 443 from or to ``source`` (``IpRanges=...`` and the like)."""
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}]


def _create_vpc(ec2: Client) -> str:
    made = ec2.create_vpc(CidrBlock=VPC_CIDR, TagSpecifications=named("vpc", "lab"))
    vpc_id = str(made["Vpc"]["VpcId"])
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc_id, **{attribute: {"Value": True}})
    return vpc_id


def _s3_prefix_list(ec2: Client) -> str:
    wanted = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{REGION}.s3"]}]
    return str(ec2.describe_managed_prefix_lists(Filters=wanted)["PrefixLists"][0]["PrefixListId"])


def _create_group(ec2: Client, vpc_id: str, name: str) -> str:
    """Create a security group that lets nothing in and, unlike AWS's default, nothing out."""
    made = ec2.create_security_group(
        VpcId=vpc_id,
        GroupName=name,
        Description=f"what {name} wear",
        TagSpecifications=named("security-group", name),
    )
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=everything)
    return str(made["GroupId"])


def _create_endpoint_group(ec2: Client, vpc_id: str) -> str:
    group = _create_group(ec2, vpc_id, "endpoints")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_private_subnets())
    return group


def from_private_subnets() -> list[dict[str, Any]]:
    """Return the IpPermissions that the endpoints' group admits (R11)."""
    return https(IpRanges=[{"CidrIp": cidr} for cidr in SUBNET_CIDRS.values()])


def _create_client_group(
    ec2: Client, vpc_id: str, name: str, endpoint_group: str, prefix_list: str
) -> str:
    group = _create_group(ec2, vpc_id, name)
    ec2.authorize_security_group_egress(
        GroupId=group,
        IpPermissions=https(
            UserIdGroupPairs=[{"GroupId": endpoint_group}],
            PrefixListIds=[{"PrefixListId": prefix_list}],
        ),
    )
    return group


def _create_s3_gateway(ec2: Client, vpc_id: str, route_table: str) -> str:
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[route_table],
        PrivateDnsEnabled=False,
        TagSpecifications=named("vpc-endpoint", "s3"),
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])
