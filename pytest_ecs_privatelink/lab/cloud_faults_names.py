"""Single breaks of names, made through the API: zones, Resolver rules, DHCP options."""

from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.cloud_faults import turn_private_dns_off
from pytest_ecs_privatelink.lab.world import World

if TYPE_CHECKING:
    import boto3

ON_PREMISES = "10.77.0.53"
UNUSED_ADDRESS = "10.0.1.250"


def host_zone(
    world: World, session: "boto3.Session", service: str, zone: str, record: str | None
) -> None:
    """Leave the names of ``service`` to a hosted zone ``zone`` that holds ``record``, if anything.

    Both are what stands before the Region's suffix.
    """
    turn_private_dns_off(world, session, service)
    suffix = f"{world.region}.amazonaws.com"
    route53 = session.client("route53")
    made = route53.create_hosted_zone(
        Name=f"{zone}.{suffix}",
        CallerReference=f"{zone}.{world.vpc_id}",
        VPC={"VPCRegion": world.region, "VPCId": world.vpc_id},
        HostedZoneConfig={"PrivateZone": True},  # AWS infers it from the VPC, moto does not
    )
    if record is not None:
        held = {"Name": f"{record}.{suffix}", "Type": "A", "TTL": 60}
        values = {"ResourceRecords": [{"Value": UNUSED_ADDRESS}]}
        change = {"Action": "UPSERT", "ResourceRecordSet": {**held, **values}}
        route53.change_resource_record_sets(
            HostedZoneId=made["HostedZone"]["Id"], ChangeBatch={"Changes": [change]}
        )


def forward_names(world: World, session: "boto3.Session", service: str) -> None:
    """Forward the name of ``service`` to servers on premises."""
    client = session.client("route53resolver")
    endpoint = client.create_resolver_endpoint(
        CreatorRequestId=world.vpc_id,
        Direction="OUTBOUND",
        SecurityGroupIds=[world.endpoint_group],
        IpAddresses=[{"SubnetId": subnet} for subnet in list(world.subnets.values())[:2]],
    )
    rule = client.create_resolver_rule(
        CreatorRequestId=world.vpc_id,
        Name="on-premises",
        RuleType="FORWARD",
        DomainName=f"{service}.{world.region}.amazonaws.com",
        TargetIps=[{"Ip": ON_PREMISES, "Port": 53}],
        ResolverEndpointId=endpoint["ResolverEndpoint"]["Id"],
    )
    client.associate_resolver_rule(
        ResolverRuleId=rule["ResolverRule"]["Id"], VPCId=world.vpc_id, Name="on-premises"
    )


def name_own_servers(world: World, session: "boto3.Session") -> None:
    """Give the VPC DHCP options that name a server on premises."""
    ec2 = session.client("ec2")
    made = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": [ON_PREMISES]}]
    )
    ec2.associate_dhcp_options(
        VpcId=world.vpc_id, DhcpOptionsId=made["DhcpOptions"]["DhcpOptionsId"]
    )
