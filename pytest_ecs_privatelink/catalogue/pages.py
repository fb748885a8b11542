"""The AWS page to read about each code."""

from collections.abc import Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.verdict import Code

_DOCS = "https://docs.aws.amazon.com"
_ECS_ENDPOINTS = f"{_DOCS}/AmazonECS/latest/developerguide/vpc-endpoints.html"
_TASK_NETWORK = f"{_DOCS}/AmazonECS/latest/developerguide/fargate-task-networking.html"
_START_ERRORS = f"{_DOCS}/AmazonECS/latest/developerguide/resource-initialization-error.html"
_PULL_ERRORS = f"{_DOCS}/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_EXECUTION_ROLE = f"{_DOCS}/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_AGENT_UPDATE = f"{_DOCS}/AmazonECS/latest/developerguide/ecs-agent-update.html"
_AGENT_INTROSPECTION = f"{_DOCS}/AmazonECS/latest/developerguide/ecs-agent-introspection.html"
_ECR_ENDPOINTS = f"{_DOCS}/AmazonECR/latest/userguide/vpc-endpoints.html"
_INTERFACE = f"{_DOCS}/vpc/latest/privatelink/create-interface-endpoint.html"
_PRIVATELINK = f"{_DOCS}/vpc/latest/privatelink/privatelink-access-aws-services.html"
_POLICIES = f"{_DOCS}/vpc/latest/privatelink/vpc-endpoints-access.html"
_S3_GATEWAY = f"{_DOCS}/vpc/latest/privatelink/vpc-endpoints-s3.html"
_GATEWAYS = f"{_DOCS}/vpc/latest/privatelink/gateway-endpoints.html"
_ROUTES = f"{_DOCS}/vpc/latest/userguide/route-tables-priority.html"
_VPC_DNS = f"{_DOCS}/vpc/latest/userguide/AmazonDNS-concepts.html"
_DHCP = f"{_DOCS}/vpc/latest/userguide/VPC_DHCP_Options.html"
_GROUPS = f"{_DOCS}/vpc/latest/userguide/security-group-rules.html"
_ACLS = f"{_DOCS}/vpc/latest/userguide/vpc-network-acls.html"
_BLOCKING = f"{_DOCS}/vpc/latest/userguide/security-vpc-bpa.html"
_SUBNETS = f"{_DOCS}/vpc/latest/userguide/subnet-sizing.html"
_ZONES = f"{_DOCS}/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html"
_RULES = f"{_DOCS}/Route53/latest/DeveloperGuide/resolver-overview-DSN-queries-to-vpc.html"
_FIREWALL = f"{_DOCS}/Route53/latest/DeveloperGuide/resolver-dns-firewall.html"
_LOGS = f"{_DOCS}/AmazonECS/latest/developerguide/using_awslogs.html"
_SECRETS = f"{_DOCS}/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
_NOT_FOUND = f"{_DOCS}/AmazonECS/latest/developerguide/resource-not-found-error.html"
_STOPPED = f"{_DOCS}/AmazonECS/latest/developerguide/stopped-task-errors.html"
_MOUNTS = f"{_DOCS}/efs/latest/ug/network-access.html"
_HUB = (
    f"{_DOCS}/whitepapers/latest/building-scalable-secure-multi-vpc-network-infrastructure/"
    "centralized-access-to-vpc-private-endpoints.html"
)

PAGES: Mapping[Code, str] = MappingProxyType(
    {
        Code.VPC_DNS_SUPPORT_OFF: _VPC_DNS,
        Code.VPC_DNS_HOSTNAMES_OFF: _VPC_DNS,
        Code.DHCP_CUSTOM_DNS: _DHCP,
        Code.ENDPOINT_MISSING: _ECS_ENDPOINTS,
        Code.ENDPOINT_MISSING_PUBLIC_PATH: _ECS_ENDPOINTS,
        Code.ENDPOINT_WRONG_REGION: _ECS_ENDPOINTS,
        Code.ENDPOINT_NOT_AVAILABLE: _INTERFACE,
        Code.ENDPOINT_PRIVATE_DNS_OFF: _INTERFACE,
        Code.ENDPOINT_SG_INGRESS: _ECS_ENDPOINTS,
        Code.TASK_SG_EGRESS: _GROUPS,
        Code.TASK_SG_EGRESS_S3: _GATEWAYS,
        Code.NACL_BLOCKS: _ACLS,
        Code.ENDPOINT_AZ_UNCOVERED: _PRIVATELINK,
        Code.ENDPOINT_POLICY_DENIES: _POLICIES,
        Code.ENDPOINT_ROUTE_MISSING: _HUB,
        Code.S3_GATEWAY_MISSING: _S3_GATEWAY,
        Code.S3_GATEWAY_NO_ROUTE: _S3_GATEWAY,
        Code.S3_ROUTE_SHADOWED: _ROUTES,
        Code.S3_GATEWAY_POLICY: _ECR_ENDPOINTS,
        Code.S3_INTERFACE_ONLY: _S3_GATEWAY,
        Code.ECS_ENDPOINTS_INCOMPLETE: _ECS_ENDPOINTS,
        Code.ENDPOINT_ORDER: _ECS_ENDPOINTS,
        Code.AGENT_TOO_OLD: _AGENT_UPDATE,
        Code.AGENT_STALE: _ECS_ENDPOINTS,
        Code.AGENT_DISCONNECTED: _AGENT_INTROSPECTION,
        Code.AGENT_PUBLIC_PATH: _ECS_ENDPOINTS,
        Code.TASK_FAILED_TO_START: _STOPPED,
        Code.SERVICE_CONNECT_PUBLIC: _ECS_ENDPOINTS,
        Code.CROSS_REGION_IMAGE: _ECS_ENDPOINTS,
        Code.CROSS_REGION_LOGS: _ECS_ENDPOINTS,
        Code.CROSS_REGION_SECRET: _ECS_ENDPOINTS,
        Code.ROLE_CONDITION_MISMATCH: _EXECUTION_ROLE,
        Code.IMAGE_REGISTRY_PUBLIC: _PULL_ERRORS,
        Code.PHZ_SHADOWS_NAME: _ZONES,
        Code.RESOLVER_RULE_CAPTURES_NAME: _RULES,
        Code.DNS_FIREWALL_BLOCKS: _FIREWALL,
        Code.DNS_RESOLVER_DIFFERS: _VPC_DNS,
        Code.INTERNET_PATH_BLOCKED: _BLOCKING,
        Code.PUBLIC_SUBNET_NO_PUBLIC_IP: _TASK_NETWORK,
        Code.SUBNET_ADDRESSES_EXHAUSTED: _SUBNETS,
        Code.EFS_MOUNT_UNREACHABLE: _MOUNTS,
        Code.ENV_FILE_BUCKET_DENIED: _START_ERRORS,
        Code.VANTAGE_GROUP_DIFFERS: _ECS_ENDPOINTS,
        Code.DNS_NXDOMAIN: _VPC_DNS,
        Code.DNS_SERVFAIL: _VPC_DNS,
        Code.DNS_TIMEOUT: _VPC_DNS,
        Code.DNS_REFUSED: _VPC_DNS,
        Code.DNS_PUBLIC_ANSWER: _INTERFACE,
        Code.DNS_FOREIGN_ANSWER: _HUB,
        Code.TCP_TIMEOUT: _START_ERRORS,
        Code.TCP_REFUSED: _PRIVATELINK,
        Code.TCP_UNREACHABLE: _TASK_NETWORK,
        Code.TLS_HANDSHAKE: _PRIVATELINK,
        Code.TLS_CERTIFICATE: _PRIVATELINK,
        Code.ECR_AUTH: _START_ERRORS,
        Code.ECR_MANIFEST: _PULL_ERRORS,
        Code.ECR_LAYER: _ECR_ENDPOINTS,
        Code.ECR_LAYER_PATH: _S3_GATEWAY,
        Code.ECR_DIGEST: _PULL_ERRORS,
        Code.LOGS_UNREACHABLE: _START_ERRORS,
        Code.LOGS_DENIED: _EXECUTION_ROLE,
        Code.LOGS_GROUP_MISSING: _LOGS,
        Code.LOGS_NOT_DELIVERED: _LOGS,
        Code.SECRET_UNREACHABLE: _START_ERRORS,
        Code.SECRET_DENIED: _SECRETS,
        Code.SECRET_MISSING: _NOT_FOUND,
    }
)
