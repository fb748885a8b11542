"""What odd snapshots are made of: values as AWS gives them, beside unknown and broken ones."""

from typing import Any

from audit_clusters import WEB
from audit_worlds import OWNER, REGION, VPC
from hypothesis import strategies as st
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.catalogue.services import service_name

SERVICES = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ecs", "ecs-agent", "kms")
_HERE = tuple(service_name(each, REGION) for each in SERVICES)
_NAMES = (
    *(f"api.ecr.{REGION}.amazonaws.com", f"*.dkr.ecr.{REGION}.amazonaws.com."),
    *(f"dkr.ecr.{REGION}.amazonaws.com", f"logs.{REGION}.amazonaws.com.", "amazonaws.com", "."),
    *(f"vpce-1-x.logs.{REGION}.vpce.amazonaws.com", "corp.example.", "*", "a..b"),
)
_ARN = "arn:aws:ecs:us-west-2:111111111111"
_V6 = "2600:1f13:a::/64"
_POLICIES = (
    policy(allow("*")),
    policy(allow(["ecs:CreateCluster", "ecs:ListClusters"])),
    policy(deny("s3:GetObject", Condition=when("StringEquals", "aws:SourceVpc", "vpc-1"))),
    policy(allow("ecr:*", Condition=when("IpAddress", "aws:SourceIp", "no address"))),
    policy(allow("logs:*", Condition=when("NoSuchOperator", "aws:x", 1, None, True))),
    policy(allow("*"), version="2099-01-01"),
    *("", "{", "[]", "null", '"*"', "{}", '{"Statement": 1}', '{"Statement": [null]}'),
    '{"Statement": {"Effect": "Maybe", "Principal": {"AWS": 3}, "Action": {}}}',
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Condition": "x"}]}',
)


def _of(*values: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  (texts and numbers)
    return st.sampled_from(values)


def _ids(prefix: str) -> st.SearchStrategy[str]:
    return _of(f"{prefix}-a", f"{prefix}-b", f"{prefix}-gone")


_SUBNETS, _GROUPS = _ids("subnet"), _of("sg-tasks", "sg-hosts", "sg-endpoints", "sg-gone")
_ADDRESSES = _of("10.0.0.10", "10.0.1.11", "192.168.0.1", "52.218.128.9", "2600:1f13:a::1")
_CIDRS = _of(
    *("10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/25", "10.0.0.7/24", "10.0.0.10/32", "0.0.0.0/0"),
    *("0.0.0.0/1", "128.0.0.0/1", "52.218.128.0/17", "192.168.0.0/16", "::/0", _V6),
)
_IMAGES = _of(
    f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com/app:1",
    f"{OWNER}.dkr.ecr.eu-west-1.amazonaws.com/app:1",
    *("redis", "quay.io/x/y@sha256:00", "host:5000/x", "", "/", "::"),
)
_SECRETS = _of(
    f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:x-1",
    f"arn:aws:ssm:eu-west-1:{OWNER}:parameter/x",
    *("/a/parameter", "", "arn:", "arn:::::"),
)
_TIMES = _of("2026-01-01T00:00:00Z", "2025-12-31T23:59:15+00:00", "2026-01-01", "soon", "")
_PORTS = _of(-1, 0, 80, 442, 443, 444, 1024, 2049, 32768, 65535, 65536)
_TARGET_IDS = _of("igw-1", "nat-1", "nat-gone", "vpce-s3", "vpce-gone", "tgw-a", "pcx-a", "local")
_DEFINITIONS = _of(WEB, f"{_ARN}:task-definition/gone:1", "a")
ROLE = f"arn:aws:iam::{OWNER}:role/a"
_ROLES = _of(ROLE, f"arn:aws:iam::{OWNER}:role/gone", "a")
POOLS = {
    "str": st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
    "account": _of(OWNER, "222222222222", ""),
    "owner": _of(OWNER, "222222222222"),
    **dict.fromkeys(("taken", "created", "registered"), _TIMES),
    "Vpc.cidrs": _of("10.0.0.0/16", "192.168.0.0/16", "20.10.0.0/16"),
    "Vpc.ipv6_cidrs": st.just("2600:1f13:a::/56"),
    **dict.fromkeys(("Vpc.id", "vpc"), _of(VPC, VPC, "vpc-2")),
    **dict.fromkeys(("subnet", "subnets", "Subnet.id"), _SUBNETS),
    "Subnet.cidr": _of("10.0.0.0/24", "10.0.1.0/28", "192.168.0.0/24", _V6),
    "ipv6_cidr": st.just(_V6),
    "az": _of(f"{REGION}a", f"{REGION}b", ""),
    "azs": _of(f"{REGION}a", f"{REGION}b", ""),
    "free_addresses": _of(-1, 0, 7, 8, 250),
    "block_public_access": _of("off", "block-ingress", "block-bidirectional", "allow", "new", ""),
    **dict.fromkeys(("cidr", "cidrs"), _CIDRS),
    "destination": st.one_of(_CIDRS, _of("pl-s3", "pl-b", "pl-gone")),
    "target_id": _TARGET_IDS,
    **dict.fromkeys(("RouteTable.id", "route_tables"), _of("rtb-main", "rtb-private", "rtb-gone")),
    "internet_gateways": _of("igw-1", "igw-gone"),
    "NatGateway.id": _of("nat-1", "nat-b"),
    "state": _of("available", "available", "available", "pending", "failed", "deleted", "odd", ""),
    "Endpoint.id": _of("vpce-a", "vpce-logs", "vpce-s3"),
    "service_name": st.one_of(
        _of(*_HERE),
        _of(
            service_name("logs", "eu-west-1"), service_name("s3", "eu-west-1"), "", "com.amazonaws."
        ),
    ),
    "service_region": _of(REGION, "eu-west-1", ""),
    "Endpoint.groups": _GROUPS,
    **dict.fromkeys(("interfaces", "Interface.id"), _ids("eni")),
    **dict.fromkeys(("dns_names", "private_dns_names", "domain", "alias"), _of(*_NAMES, "")),
    "HostedZone.name": _of(*_NAMES),
    "ZoneRecord.name": _of(*_NAMES, ""),
    "ZoneRecord.type": _of("A", "AAAA", "CNAME", "NS", "SOA", "TXT", ""),
    "values": st.one_of(_ADDRESSES, _of(*_NAMES, "")),
    **dict.fromkeys(("policy", "policies"), _of(*_POLICIES)),
    "ip_address_type": _of("ipv4", "ipv6", "dualstack", ""),
    "Interface.type": _of("interface", "vpc_endpoint", "nat_gateway", "transit_gateway", ""),
    "addresses": _of("10.0.0.10", "10.0.1.11", "127.0.0.1"),
    "ipv6_addresses": st.just("2600:1f13:a::1"),
    "address": _ADDRESSES,
    "public_address": st.just("52.0.0.1"),
    "description": _of(f"{_ARN}:attachment/1", "", "VPC Endpoint Interface vpce-logs"),
    **dict.fromkeys(("groups", "group", "SecurityGroup.id"), _GROUPS),
    "SecurityGroup.name": _of("default", "tasks", ""),
    "GroupRule.prefix_list": _of("pl-s3", "pl-gone"),
    "protocol": _of("-1", "tcp", "TCP", "6", "udp", "icmp", "sctp", "255", "", "6.0"),
    **dict.fromkeys(("from_port", "to_port"), _PORTS),
    "number": _of(1, 2, 100, 32766, 32767),
    "NetworkAcl.id": _ids("acl"),
    "PrefixList.id": _of("pl-s3", "pl-b"),
    "PrefixList.name": _of(service_name("s3", REGION), "own", ""),
    "name_servers": _of("AmazonProvidedDNS", "10.0.0.2", "169.254.169.253", "10.0.0.53", "", "x"),
    "ResolverRule.type": _of("FORWARD", "SYSTEM", "RECURSIVE", "DELEGATE", ""),
    "targets": _of("10.0.0.53", "10.0.0.2", ""),
    "types": _of("Interface", "Gateway", ""),
    "Unreadable.part": _of("route_tables", "security_groups", "cluster", "roles", "prefix_lists"),
    "permission": _of("ec2:DescribeRouteTables", "iam:GetPolicy"),
    "Placement.task_definition": _DEFINITIONS,
    "TaskDefinition.arn": _DEFINITIONS,
    "image": _IMAGES,
    "log_driver": _of("awslogs", "splunk", ""),
    "log_region": _of(REGION, "eu-west-1", ""),
    "reference": _SECRETS,
    "purpose": _of("value", "log option", "registry", ""),
    "env_files": _of("arn:aws:s3:::bucket/a.env", "arn:aws:s3:::", "bucket", ""),
    **dict.fromkeys(("execution_role", "task_role", "Role.arn"), _ROLES),
    **dict.fromkeys(("file_systems", "file_system"), _of("fs-a", "fs-gone")),
    "agent_version": _of("1.25.0", "1.25.1", "v1.90.0", "1", ""),
    "instance": _of("i-1", "i-2"),
}
