"""What is made in the emulator, and what AWS would say where the emulator is silent."""

from dataclasses import dataclass
from typing import Any

import boto3
from aws_front import Answering, always, as_json, xml
from botocore.config import Config

REGION = "us-east-1"
SERVICES = (
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ecs", "ecs-agent", "ecs-telemetry"),
    *("ssm", "ssmmessages", "kms", "sts", "monitoring", "ec2", "events"),
)


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what was made; ``small`` is a VPC of 3 subnets, ``large`` one of 30 of everything."""

    small: str
    large: str
    ids: dict[str, str]


def client(url: str, service: str) -> Any:  # noqa: ANN401  (boto3's clients have no type here)
    """Return a client of the emulator that ignores the user's environment."""
    make: Any = boto3.client  # the stubs want literal service names
    return make(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(proxies={}),
    )


def make_world(url: str) -> World:
    """Make both VPCs."""
    ec2 = client(url, "ec2")
    large = _vpc(ec2, "10.9.0.0/16", "large")
    for i in range(30):
        id_ = _subnet(ec2, large, f"10.9.{i}.0/24", f"private-{i}", f"us-east-1{'abc'[i % 3]}")
        _interface_endpoint(ec2, large, f"svc{i}", [id_])
    ids = _make_small(ec2)
    _make_names(url, ids)
    return World(small=ids["vpc"], large=large, ids=ids)


def _make_small(ec2: Any) -> dict[str, str]:  # noqa: ANN401
    vpc = _vpc(ec2, "10.0.0.0/16", "small")
    ids = {"vpc": vpc}
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    dhcp = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.0.0.9"]}]
    )["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(VpcId=vpc, DhcpOptionsId=dhcp)
    for i, name in enumerate(("private-a", "private-b", "public-a")):
        ids[name] = _subnet(ec2, vpc, f"10.0.{i}.0/24", name, f"us-east-1{'aba'[i]}")
    _make_routes(ec2, vpc, ids)
    _make_filters(ec2, vpc, ids)
    for service in SERVICES:
        ids[service] = _interface_endpoint(
            ec2, vpc, service, [ids["private-a"], ids["private-b"]], [ids["endpoints"]]
        )
    gone = _interface_endpoint(ec2, vpc, "xray", [ids["private-a"]])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[gone])
    return ids


def _make_routes(ec2: Any, vpc: str, ids: dict[str, str]) -> None:  # noqa: ANN401
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    nat = ec2.create_nat_gateway(SubnetId=ids["public-a"])["NatGateway"]["NatGatewayId"]
    other = ids["peer-vpc"] = _vpc(ec2, "10.1.0.0/16", "other")
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)
    pcx = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    tgw = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=tgw, VpcId=vpc, SubnetIds=[ids["private-a"]]
    )
    private, public = (
        ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)
    )
    ec2.associate_route_table(RouteTableId=private, SubnetId=ids["private-a"])
    ec2.associate_route_table(RouteTableId=public, SubnetId=ids["public-a"])
    everywhere = "0.0.0.0/0"
    ec2.create_route(RouteTableId=private, DestinationCidrBlock=everywhere, NatGatewayId=nat)
    ec2.create_route(RouteTableId=public, DestinationCidrBlock=everywhere, GatewayId=igw)
    ec2.create_route(
        RouteTableId=private, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=pcx
    )
    ec2.create_route(
        RouteTableId=private, DestinationCidrBlock="172.16.0.0/12", TransitGatewayId=tgw
    )
    ids["s3"] = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[private]
    )["VpcEndpoint"]["VpcEndpointId"]
    ids |= {"igw": igw, "nat": nat, "pcx": pcx, "tgw": tgw, "private-table": private}


def _make_filters(ec2: Any, vpc: str, ids: dict[str, str]) -> None:  # noqa: ANN401
    for name, where in (("endpoints", vpc), ("peers", ids["peer-vpc"])):
        ids[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=where)[
            "GroupId"
        ]
    ids["list"] = ec2.create_managed_prefix_list(
        PrefixListName="office",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "192.0.2.0/24"}],
    )["PrefixList"]["PrefixListId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_ingress(
        GroupId=ids["endpoints"],
        IpPermissions=[
            https | {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]},
            https | {"UserIdGroupPairs": [{"GroupId": ids["peers"]}]},
            https | {"PrefixListIds": [{"PrefixListId": ids["list"]}]},
        ],
    )


def _make_names(url: str, ids: dict[str, str]) -> None:
    route53, resolver = client(url, "route53"), client(url, "route53resolver")
    for name in (f"ecr.api.{REGION}.amazonaws.com", "corp.example"):
        zone = route53.create_hosted_zone(
            Name=name,
            CallerReference=name,
            VPC={"VPCRegion": REGION, "VPCId": ids["vpc"]},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        ids[name] = zone.rpartition("/")[2]
        record = {
            "Name": f"*.{name}",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "10.0.0.7"}],
        }
        route53.change_resource_record_sets(
            HostedZoneId=zone,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
        )
    rule = resolver.create_resolver_rule(
        CreatorRequestId="1", RuleType="SYSTEM", DomainName="amazonaws.com", Name="rule"
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=ids["vpc"])
    ids["rule"] = rule


def _vpc(ec2: Any, cidr: str, name: str) -> str:  # noqa: ANN401
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
    return str(ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"])


def _subnet(ec2: Any, vpc: str, cidr: str, name: str, az: str) -> str:  # noqa: ANN401
    tags = [
        {
            "ResourceType": "subnet",
            "Tags": [{"Key": "Name", "Value": name}, {"Key": "owner", "Value": "private matter"}],
        }
    ]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=az, TagSpecifications=tags)
    return str(made["Subnet"]["SubnetId"])


def _interface_endpoint(
    ec2: Any,  # noqa: ANN401
    vpc: str,
    service: str,
    subnets: list[str],
    groups: list[str] | None = None,
) -> str:
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{REGION}.{service}",
        SubnetIds=subnets,
        SecurityGroupIds=groups or [],
        PrivateDnsEnabled=True,
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def answers_that_moto_lacks() -> dict[str, Answering]:
    """Return AWS's answers, as its API reference shows them, where moto has none."""
    return {
        "DescribeVpcBlockPublicAccessOptions": always(
            xml(
                "DescribeVpcBlockPublicAccessOptions",
                "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>block-bidirectional"
                "</internetGatewayBlockMode></vpcBlockPublicAccessOptions>",
            )
        ),
        "DescribeVpcBlockPublicAccessExclusions": always(
            xml(
                "DescribeVpcBlockPublicAccessExclusions",
                "<vpcBlockPublicAccessExclusionSet/>",
            )
        ),
        "DescribeVpcEndpointServices": always(
            xml(
                "DescribeVpcEndpointServices",
                "<serviceDetailSet><item><serviceName>com.amazonaws.us-east-1.ecs-agent"
                "</serviceName><serviceType><item><serviceType>Interface</serviceType></item>"
                "</serviceType><privateDnsNameSet><item><privateDnsName>ecs-a.us-east-1"
                ".amazonaws.com</privateDnsName></item></privateDnsNameSet>"
                "<availabilityZoneSet><item>us-east-1a</item></availabilityZoneSet>"
                "<vpcEndpointPolicySupported>true</vpcEndpointPolicySupported>"
                "<supportedIpAddressTypeSet><item>ipv4</item></supportedIpAddressTypeSet>"
                "</item><item><serviceName>com.amazonaws.us-east-1.polly</serviceName></item>"
                "</serviceDetailSet>",
            )
        ),
        "ListFirewallRuleGroupAssociations": always(
            as_json(
                {
                    "FirewallRuleGroupAssociations": [
                        {"FirewallRuleGroupId": "rslvr-frg-1", "Priority": 101, "Name": "block"}
                    ]
                }
            )
        ),
        "ListProfileAssociations": always(
            as_json({"ProfileAssociations": [{"ProfileId": "rp-1"}]})
        ),
    }
