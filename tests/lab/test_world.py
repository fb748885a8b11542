"""The healthy world, as the ordinary reader sees it through the corrections."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pytest_ecs_privatelink.lab.cloud import ACCOUNT, REGION, Cloud
from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.world import (
    IN_ORDER,
    INTERFACE_SERVICES,
    SUBNET_CIDRS,
    World,
    build_world,
)
from pytest_ecs_privatelink.topology.model import EndpointType, GroupRule, RouteTarget, Snapshot
from pytest_ecs_privatelink.topology.reader import read_snapshot


@dataclass(frozen=True)
class Seeded:
    """A cloud with the healthy world in it, and what was read."""

    cloud: Cloud
    world: World
    raw: Snapshot
    snapshot: Snapshot


@pytest.fixture(scope="module")
def seeded() -> Iterator[Seeded]:
    """Yield the healthy world in a cloud of its own."""
    with Cloud.launch() as cloud:
        cloud.wait()
        session = cloud.session()
        world = build_world(session)
        assert world.workload is not None
        raw = read_snapshot(
            session,
            world.vpc_id,
            region=REGION,
            emulated=True,
            cluster=world.workload.cluster,
        ).snapshot
        yield Seeded(cloud=cloud, world=world, raw=raw, snapshot=correct(raw))


def test_everything_can_be_read(seeded: Seeded) -> None:
    """Nothing of the lab's own world is unreadable."""
    assert seeded.snapshot.unreadable == ()
    assert seeded.snapshot.account == seeded.world.account == ACCOUNT
    assert seeded.snapshot.region == seeded.world.region == REGION


def test_correcting_again_changes_nothing(seeded: Seeded) -> None:
    """The corrections of a real emulator's snapshot are complete after one pass."""
    assert correct(seeded.snapshot) == seeded.snapshot
    assert seeded.raw != seeded.snapshot


def test_the_vpc_resolves_private_names(seeded: Seeded) -> None:
    """Both DNS attributes are on and the resolver is Amazon's (R10)."""
    vpc = seeded.snapshot.vpc

    assert (vpc.id, vpc.name, vpc.cidrs) == (seeded.world.vpc_id, "lab", ("10.0.0.0/16",))
    assert (vpc.dns_support, vpc.dns_hostnames) == (True, True)
    assert seeded.snapshot.dhcp_options is not None
    assert seeded.snapshot.dhcp_options.name_servers == ("AmazonProvidedDNS",)


def test_three_private_subnets_lie_in_three_zones(seeded: Seeded) -> None:
    """Names, ids, ranges and zones are as the world says."""
    subnets = seeded.snapshot.subnets

    assert {each.name: each.id for each in subnets} == dict(seeded.world.subnets)
    assert {each.name: each.cidr for each in subnets} == SUBNET_CIDRS
    zones = {each.name: each.az for each in subnets}
    assert [zones[name] for name in SUBNET_CIDRS] == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_the_only_way_out_is_the_s3_gateway(seeded: Seeded) -> None:
    """The private route table is explicit, and knows the VPC and the S3 prefix list alone."""
    tables = {each.id: each for each in seeded.snapshot.route_tables or ()}
    private = tables[seeded.world.route_table]

    assert set(private.subnets) == set(seeded.world.subnets.values())
    assert {(each.destination, each.target) for each in private.routes} == {
        ("10.0.0.0/16", RouteTarget.LOCAL),
        (seeded.world.s3_prefix_list, RouteTarget.GATEWAY_ENDPOINT),
    }
    assert seeded.snapshot.internet_gateways == ()
    assert seeded.snapshot.nat_gateways == ()


def test_the_s3_list_has_ranges(seeded: Seeded) -> None:
    """Groups and routes that name the S3 list mean addresses by it."""
    lists = {each.id: each for each in seeded.snapshot.prefix_lists or ()}
    s3 = lists[seeded.world.s3_prefix_list]

    assert s3.name == "com.amazonaws.us-east-1.s3"
    assert all(ipaddress.ip_network(cidr).is_global for cidr in s3.cidrs)
    assert s3.cidrs


def test_every_service_has_its_endpoint(seeded: Seeded) -> None:
    """All interface endpoints have private DNS and stand in all subnets; S3 has a gateway."""
    endpoints = {each.id: each for each in seeded.snapshot.endpoints}

    assert set(seeded.world.endpoints) == {*INTERFACE_SERVICES, "s3"}
    assert len(endpoints) == len(seeded.world.endpoints)
    for service, endpoint_id in seeded.world.endpoints.items():
        endpoint = endpoints[endpoint_id]
        assert endpoint.service_name == f"com.amazonaws.us-east-1.{service}"
        assert (endpoint.state, endpoint.name) == ("available", service)
        if service == "s3":
            assert endpoint.type is EndpointType.GATEWAY
            assert endpoint.route_tables == (seeded.world.route_table,)
        else:
            assert endpoint.type is EndpointType.INTERFACE
            assert endpoint.private_dns
            assert endpoint.groups == (seeded.world.endpoint_group,)
            assert set(endpoint.subnets) == set(seeded.world.subnets.values())


def test_endpoint_interfaces_are_at_home(seeded: Seeded) -> None:
    """Each endpoint has one interface in each subnet's range, wearing the endpoints' group."""
    cidrs = {each.id: ipaddress.ip_network(each.cidr) for each in seeded.snapshot.subnets}
    interfaces = [each for each in seeded.snapshot.interfaces or () if each.instance is None]

    assert len(interfaces) == len(INTERFACE_SERVICES) * len(cidrs)
    assert len({each.addresses for each in interfaces}) == len(interfaces)
    for each in interfaces:
        assert ipaddress.ip_address(each.addresses[0]) in cidrs[each.subnet]
        assert each.groups == (seeded.world.endpoint_group,)
        assert each.type == "vpc_endpoint"


def test_groups_allow_what_is_needed_and_nothing_else(seeded: Seeded) -> None:
    """Endpoints admit 443 from the private subnets (R11); clients reach endpoints and S3."""
    groups = {each.id: each for each in seeded.snapshot.security_groups or ()}
    world = seeded.world
    endpoint = groups[world.endpoint_group]

    assert {rule.cidr for rule in endpoint.ingress} == set(SUBNET_CIDRS.values())
    assert {(rule.protocol, rule.from_port, rule.to_port) for rule in endpoint.ingress} == {
        ("tcp", 443, 443)
    }
    assert endpoint.egress == ()
    for client in (*world.task_groups, *world.instance_groups):
        assert groups[client].ingress == ()
        assert set(groups[client].egress) == {
            GroupRule(protocol="tcp", from_port=443, to_port=443, group=world.endpoint_group),
            GroupRule(protocol="tcp", from_port=443, to_port=443, prefix_list=world.s3_prefix_list),
        }


def test_only_the_default_acl_guards(seeded: Seeded) -> None:
    """Network ACLs are AWS's default: everything passes."""
    (acl,) = seeded.snapshot.network_acls or ()

    assert acl.default
    assert set(acl.subnets) == set(seeded.world.subnets.values())


def test_the_ecs_endpoints_were_made_in_order(seeded: Seeded) -> None:
    """R17: ecs-agent, ecs-telemetry, ecs (moto lists in order of creation)."""
    ec2 = seeded.cloud.session().client("ec2")
    listed = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    services = [each["ServiceName"].rpartition(".")[2] for each in listed]

    assert tuple(each for each in services if each in IN_ORDER) == IN_ORDER


def test_both_launch_types_run_something(seeded: Seeded) -> None:
    """Task definitions name an image, a log group, a secret and a parameter that exist."""
    session, workload = seeded.cloud.session(), seeded.world.workload
    assert workload is not None
    ecs = session.client("ecs")
    services = ecs.describe_services(cluster=workload.cluster, services=list(workload.services))
    definition = ecs.describe_task_definition(taskDefinition=workload.task_definitions[0])
    container = definition["taskDefinition"]["containerDefinitions"][0]
    repository, _, tag = workload.image.partition("/")[2].partition(":")
    images = session.client("ecr").describe_images(repositoryName=repository)["imageDetails"]
    groups = session.client("logs").describe_log_groups()["logGroups"]

    assert {each["launchType"] for each in services["services"]} == {"FARGATE", "EC2"}
    assert container["image"] == workload.image
    assert [each["imageTags"] for each in images] == [[tag]]
    # The twin's registry has the blobs of this one.
    assert [each["imageDigest"] for each in images] == [lab_image().index.digest]
    assert container["logConfiguration"]["options"]["awslogs-group"] == workload.log_group
    assert [each["logGroupName"] for each in groups] == [workload.log_group]
    assert [each["valueFrom"] for each in container["secrets"]] == [
        workload.secret,
        workload.parameter,
    ]
    assert session.client("ssm").get_parameter(Name=workload.parameter)
    assert session.client("secretsmanager").describe_secret(SecretId=workload.secret)
    assert session.client("iam").get_role(RoleName="lab-task-execution")["Role"]["Arn"] == (
        workload.execution_role
    )


def test_each_subnet_holds_a_container_instance(seeded: Seeded) -> None:
    """Agents of today, connected, registered after every endpoint, in the instances' group."""
    cluster = seeded.snapshot.cluster
    assert cluster is not None
    instances = cluster.instances or ()
    last = max(str(each.created) for each in seeded.snapshot.endpoints)

    assert {each.subnet for each in instances} == set(seeded.world.subnets.values())
    assert {each.groups for each in instances} == {seeded.world.instance_groups}
    assert {(each.agent_version, each.agent_connected) for each in instances} == {("1.90.0", True)}
    assert all(str(each.registered) > last for each in instances)
    assert len({each.instance for each in instances}) == 3


def test_a_world_can_be_had_without_its_workload(seeded: Seeded) -> None:
    """A second, bare world stands beside the first: VPCs do not mix."""
    session = seeded.cloud.session()
    world = build_world(session, workload=False)
    snapshot = read_snapshot(session, world.vpc_id, region=REGION, emulated=True).snapshot

    assert world.workload is None
    assert {each.id for each in snapshot.subnets} == set(world.subnets.values())
    assert {each.id for each in snapshot.endpoints} == set(world.endpoints.values())
