"""What each code means when a packet met it, as data: sentences, commands, pages."""

from pytest_ecs_privatelink.diagnosis.grouping import Axis
from pytest_ecs_privatelink.diagnosis.live_agent import LIVE_AGENT
from pytest_ecs_privatelink.diagnosis.live_chain import LIVE_CHAIN
from pytest_ecs_privatelink.diagnosis.live_code import LiveCode
from pytest_ecs_privatelink.diagnosis.live_task import LIVE_TASK
from pytest_ecs_privatelink.verdict import Code

_ENDPOINTS_OF_VPC = "ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={vpc}"
_ENDPOINTS_OF_PUBLIC = "ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={public_vpc}"
_ENDPOINTS = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoints}"
_ENDPOINT = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoint}"
_GROUPS = "ec2 describe-security-groups --group-ids {groups}"
_TASK_GROUPS = "ec2 describe-security-groups --group-ids {task_groups}"
_ACLS = "ec2 describe-network-acls --network-acl-ids {acls}"
_LONE_ACL = "ec2 describe-network-acls --network-acl-ids {lone_acl}"
_TABLES = "ec2 describe-route-tables --route-table-ids {tables}"
_GATEWAY_TABLES = "ec2 describe-route-tables --route-table-ids {gateway_tables}"
_ZONES = "route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {region}"
_RULES = "route53resolver list-resolver-rule-associations --filters Name=VPCId,Values={vpc}"
_FIREWALL = "route53resolver list-firewall-rule-group-associations --vpc-id {vpc}"
_DHCP = "ec2 describe-dhcp-options --dhcp-options-ids {dhcp}"
_DNS_SUPPORT = "ec2 describe-vpc-attribute --vpc-id {vpc} --attribute enableDnsSupport"
_DNS_HOSTNAMES = "ec2 describe-vpc-attribute --vpc-id {vpc} --attribute enableDnsHostnames"

_BY_RESOLVER = (Axis.RESOLVER, Axis.SERVICE, Axis.SUBNET)
_BY_NAME = (Axis.SERVICE, Axis.SUBNET, Axis.INTERFACES, Axis.VPC)
_BY_FILTER = (Axis.SERVICE, Axis.SUBNET, Axis.GROUPS, Axis.ACL, Axis.INTERFACES, Axis.VPC)
_BY_ROUTE = (Axis.TABLE, Axis.SUBNET, Axis.SERVICE, Axis.VPC)


LIVE: dict[Code, LiveCode] = {
    Code.DNS_NXDOMAIN: LiveCode(
        says="the names of {services} do not exist (NXDOMAIN) in {subnets}",
        next="a private hosted zone that covers the name without its record, or DNS Firewall",
        cli=(_ZONES, _FIREWALL, _ENDPOINTS),
        terraform=("aws_vpc_endpoint ({endpoint}): private_dns_enabled = true",),
        axes=_BY_NAME,
    ),
    Code.DNS_SERVFAIL: LiveCode(
        says="{resolver} fails (SERVFAIL) on {services} in {subnets}",
        next="the servers that resolver rules or the DHCP options forward the name to",
        cli=(_RULES, _DHCP),
        axes=_BY_RESOLVER,
    ),
    Code.DNS_TIMEOUT: LiveCode(
        says="{resolver} does not answer for {services} in {subnets}",
        next="enableDnsSupport, then the DHCP options' name servers and the way to them (port 53)",
        cli=(_DNS_SUPPORT, _DHCP, _RULES),
        terraform=("aws_vpc ({vpc}): enable_dns_support = true",),
        axes=_BY_RESOLVER,
    ),
    Code.DNS_REFUSED: LiveCode(
        says="{resolver} refuses to answer for {services} in {subnets}",
        next="the DHCP options: own name servers must forward these names to the VPC resolver",
        cli=(_DHCP, _RULES),
        axes=_BY_RESOLVER,
    ),
    Code.DNS_PUBLIC_ANSWER: LiveCode(
        cases=(
            "public addresses are the answer for {public} in {subnets}: "
            "{vpc} has no endpoint for it, and no hosted zone that knows another one",
            "public addresses, not {endpoint}, are the answer for {services} in {subnets}; look at "
            "its private DNS, then the VPC's DNS attributes, then name servers that do not forward",
        ),
        says="public addresses are the answer for {services} in {subnets}",
        next="enableDnsSupport and enableDnsHostnames, then each endpoint's private DNS",
        cli=(
            _ENDPOINTS_OF_PUBLIC,
            # Private DNS that the snapshot shows to be off is a finding: none is turned on here.
            _ENDPOINTS,
            _DNS_HOSTNAMES,
            _DHCP,
            _RULES,
        ),
        terraform=(
            "aws_vpc_endpoint ({endpoint}): private_dns_enabled = true",
            "aws_vpc ({vpc}): enable_dns_support = true, enable_dns_hostnames = true",
        ),
        axes=_BY_NAME,
    ),
    Code.DNS_FOREIGN_ANSWER: LiveCode(
        says="private addresses that are not its endpoint's, and that do not serve it, are the "
        "answer for {services} in {subnets}",
        next="the hosted zone that answers (a hub's, or a leftover) and the route to its addresses",
        cli=(_ZONES, _TABLES),
    ),
    Code.DNS_RESOLVER_DIFFERS: LiveCode(
        says="hosts in {subnets} and the VPC resolver answer differently for {services}",
        next="the name servers that hosts use (DHCP options, resolv.conf) and resolver rules",
        cli=(_DHCP, _RULES),
        axes=_BY_RESOLVER,
    ),
    Code.ENDPOINT_ROUTE_MISSING: LiveCode(
        says="no active route leads from {subnets} to the address of {services}",
        next="the subnets' route table: the range of the hub VPC needs a route",
        cli=(_TABLES,),
        terraform=("aws_route: route_table_id {tables}, destination the range of the hub VPC",),
        axes=_BY_ROUTE,
    ),
    Code.S3_GATEWAY_NO_ROUTE: LiveCode(
        cases=(
            "the route table of {subnets} does not send S3 to {gateway}: image layers take "
            "another way, or none",
        ),
        says="the route table of {subnets} does not send S3 to a gateway endpoint",
        next="the gateway endpoint's route tables",
        cli=(
            "ec2 modify-vpc-endpoint --vpc-endpoint-id {gateway} "
            "--add-route-table-ids {gateway_tables}",
            _TABLES,
        ),
        terraform=(
            "aws_vpc_endpoint_route_table_association: vpc_endpoint_id {gateway}, "
            "route_table_id {gateway_tables}",
        ),
        axes=_BY_ROUTE,
    ),
    Code.TCP_TIMEOUT: LiveCode(
        cases=(
            "443 of {public} times out at public addresses from {subnets}: there is no endpoint "
            "and no private DNS for it, and no working way out",
            "443 of {services} times out from {subnets} on the way to {gateway}; look at the "
            "route table, the network ACL and the tasks' outbound rules to S3",
            "443 of {cleared} times out from {subnets}, where endpoints with the same security "
            "groups answer; look at the endpoint's state and its interfaces' network ACLs",
            "443 of {services} times out from {lone_subnet}; look at its network ACL (443 out, "
            "32768-65535 back in), then whether the endpoints' security groups admit {cidr}",
        ),
        says="443 of {services} times out from {subnets}",
        next=(
            "the endpoint's security group, the tasks' outbound rules, then network ACLs, then "
            "routes"
        ),
        # Silence does not tell which filter it was: nothing that changes one is offered.
        cli=(
            *(_LONE_ACL, _GROUPS, _TASK_GROUPS, _ACLS, _ENDPOINT),
            *(_GATEWAY_TABLES, _ENDPOINTS_OF_PUBLIC),
        ),
        axes=_BY_FILTER,
    ),
    Code.TCP_REFUSED: LiveCode(
        says="443 of {services} is refused or reset from {subnets}",
        next="what answers at that address: a proxy, a firewall, or a record that is not AWS's",
        cli=(_ENDPOINTS, _ZONES, _TABLES),
    ),
    Code.TCP_UNREACHABLE: LiveCode(
        cases=(
            "443 of {public} is unreachable from {subnets}: there is no endpoint and no private "
            "DNS for it, and no route out",
        ),
        says="443 of {services} is unreachable from {subnets}: no route leads there",
        next="the route tables of these subnets",
        cli=(_TABLES, _ENDPOINTS_OF_PUBLIC),
        axes=_BY_ROUTE,
    ),
    Code.TLS_HANDSHAKE: LiveCode(
        says="443 of {services} accepts TCP from {subnets} but never finishes TLS",
        next="a proxy or firewall on the way, or a path that drops large packets",
        cli=(_TABLES, _ENDPOINTS),
        axes=_BY_NAME,
    ),
    Code.TLS_CERTIFICATE: LiveCode(
        says="the certificate met in {subnets} for {services} does not hold",
        next="who issued it: an unknown issuer is likely TLS inspection (AWS_CA_BUNDLE names a "
        "trusted one), a wrong name is a hosted zone that points elsewhere",
        cli=(_ZONES, _TABLES),
        axes=_BY_NAME,
    ),
    Code.VANTAGE_GROUP_DIFFERS: LiveCode(
        says="443 of {services} was tried from {subnets} with other security groups than the "
        "tasks', so the timeout proves nothing about them",
        next="the groups: run where tasks run with their groups, or name theirs with "
        "--ecs-security-group",
        cli=(_GROUPS,),
        axes=(Axis.SUBNET, Axis.SERVICE, Axis.VPC),
    ),
    Code.S3_INTERFACE_ONLY: LiveCode(
        says="{vpc} has S3 by interface endpoint only, which image layers are not meant to use",
        next="a gateway endpoint for S3",
        cli=(_ENDPOINTS, _ENDPOINTS_OF_VPC),
    ),
    **LIVE_CHAIN,
    **LIVE_AGENT,
    **LIVE_TASK,
}
