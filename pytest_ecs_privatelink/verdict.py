"""The few types that every room speaks: claims, cells, checks, findings and their codes."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended. "Could not look" is ``ERROR``; nothing unproven is ``PASSED``."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"
    ERROR = "error"

    @property
    def holds(self) -> bool:
        """Whether the claim holds, if only with a warning."""
        return self in (Verdict.PASSED, Verdict.WARNED)


class Basis(StrEnum):
    """What a verdict rests on: packets, the snapshot, or an emulated AWS below the packets."""

    PROBED = "probed"
    DERIVED = "derived"
    DRY = "dry"


class Severity(StrEnum):
    """Weight of a finding: only errors turn a run red."""

    ERROR = "error"
    WARNING = "warning"


class LaunchType(StrEnum):
    """ECS launch types that a requirement can stand for."""

    FARGATE = "fargate"
    EC2 = "ec2"


class Claim(StrEnum):
    """What a check asserts; the values are public (option, marker, report)."""

    PRIVATE_DNS = "private-dns"
    TCP_443 = "tcp-443"
    ECR_PULL = "ecr-pull"
    AWSLOGS = "awslogs"
    SECRET = "secret"  # noqa: S105  (a name)
    AGENT = "agent"
    TASK_START = "task-start"
    AUDIT = "audit"


PATH_CLAIMS = (Claim.PRIVATE_DNS, Claim.TCP_443)
"""What is asked of every endpoint service: that its names and its port 443 are the private path."""

CHAIN_CLAIMS = (Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET)
"""What is asked of the services that a task starts with: that they do what it starts by."""

CALLING_CLAIMS = (*CHAIN_CLAIMS, Claim.AGENT)
"""What takes calls to AWS's services, and stands at the endpoint service where these begin or end.

The last one is asked of container instances: whether their agents are well, and sent to endpoints.
"""

PROBED_CLAIMS = (*PATH_CLAIMS, *CALLING_CLAIMS, Claim.TASK_START)


class Code(StrEnum):
    """Public, stable names of everything that can be wrong."""

    VPC_DNS_SUPPORT_OFF = "vpc-dns-support-off"
    VPC_DNS_HOSTNAMES_OFF = "vpc-dns-hostnames-off"
    DHCP_CUSTOM_DNS = "dhcp-custom-dns"
    ENDPOINT_MISSING = "endpoint-missing"
    ENDPOINT_MISSING_PUBLIC_PATH = "endpoint-missing-public-path"
    ENDPOINT_WRONG_REGION = "endpoint-wrong-region"
    ENDPOINT_NOT_AVAILABLE = "endpoint-not-available"
    ENDPOINT_PRIVATE_DNS_OFF = "endpoint-private-dns-off"
    ENDPOINT_SG_INGRESS = "endpoint-sg-ingress"
    TASK_SG_EGRESS = "task-sg-egress"
    TASK_SG_EGRESS_S3 = "task-sg-egress-s3"
    NACL_BLOCKS = "nacl-blocks"
    ENDPOINT_AZ_UNCOVERED = "endpoint-az-uncovered"
    ENDPOINT_POLICY_DENIES = "endpoint-policy-denies"
    ENDPOINT_ROUTE_MISSING = "endpoint-route-missing"
    S3_GATEWAY_MISSING = "s3-gateway-missing"
    S3_GATEWAY_NO_ROUTE = "s3-gateway-no-route"
    S3_ROUTE_SHADOWED = "s3-route-shadowed"
    S3_GATEWAY_POLICY = "s3-gateway-policy"
    S3_INTERFACE_ONLY = "s3-interface-only"
    ECS_ENDPOINTS_INCOMPLETE = "ecs-endpoints-incomplete"
    ENDPOINT_ORDER = "endpoint-order"
    AGENT_TOO_OLD = "agent-too-old"
    AGENT_STALE = "agent-stale"
    AGENT_DISCONNECTED = "agent-disconnected"
    AGENT_PUBLIC_PATH = "agent-public-path"
    TASK_FAILED_TO_START = "task-failed-to-start"
    SERVICE_CONNECT_PUBLIC = "service-connect-public"
    CROSS_REGION_IMAGE = "cross-region-image"
    CROSS_REGION_LOGS = "cross-region-logs"
    CROSS_REGION_SECRET = "cross-region-secret"  # noqa: S105  (a name)
    ROLE_CONDITION_MISMATCH = "role-condition-mismatch"
    IMAGE_REGISTRY_PUBLIC = "image-registry-public"
    PHZ_SHADOWS_NAME = "phz-shadows-name"
    RESOLVER_RULE_CAPTURES_NAME = "resolver-rule-captures-name"
    DNS_FIREWALL_BLOCKS = "dns-firewall-blocks"
    DNS_RESOLVER_DIFFERS = "dns-resolver-differs"
    INTERNET_PATH_BLOCKED = "internet-path-blocked"
    PUBLIC_SUBNET_NO_PUBLIC_IP = "public-subnet-no-public-ip"
    SUBNET_ADDRESSES_EXHAUSTED = "subnet-addresses-exhausted"
    EFS_MOUNT_UNREACHABLE = "efs-mount-unreachable"
    ENV_FILE_BUCKET_DENIED = "env-file-bucket-denied"
    VANTAGE_GROUP_DIFFERS = "vantage-group-differs"
    DNS_NXDOMAIN = "dns-nxdomain"
    DNS_SERVFAIL = "dns-servfail"
    DNS_TIMEOUT = "dns-timeout"
    DNS_REFUSED = "dns-refused"
    DNS_PUBLIC_ANSWER = "dns-public-answer"
    DNS_FOREIGN_ANSWER = "dns-foreign-answer"
    TCP_TIMEOUT = "tcp-timeout"
    TCP_REFUSED = "tcp-refused"
    TCP_UNREACHABLE = "tcp-unreachable"
    TLS_HANDSHAKE = "tls-handshake"
    TLS_CERTIFICATE = "tls-certificate"
    ECR_AUTH = "ecr-auth"
    ECR_MANIFEST = "ecr-manifest"
    ECR_LAYER = "ecr-layer"
    ECR_LAYER_PATH = "ecr-layer-path"
    ECR_DIGEST = "ecr-digest"
    LOGS_UNREACHABLE = "logs-unreachable"
    LOGS_DENIED = "logs-denied"
    LOGS_GROUP_MISSING = "logs-group-missing"
    LOGS_NOT_DELIVERED = "logs-not-delivered"
    SECRET_UNREACHABLE = "secret-unreachable"  # noqa: S105  (a name)
    SECRET_DENIED = "secret-denied"  # noqa: S105  (a name)
    SECRET_MISSING = "secret-missing"  # noqa: S105  (a name)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One square of the matrix: a probed claim, a subnet id, an endpoint service's short name.

    Of ``task-start`` the place of the service has the launch type: a task is of one.
    """

    claim: Claim
    subnet: str
    service: str

    @property
    def launch_type(self) -> LaunchType | None:
        """The one that a task is started by; None where the cell is an endpoint service's."""
        return LaunchType(self.service) if self.claim is Claim.TASK_START else None


def task_cell(subnet: str, launch_type: LaunchType) -> Cell:
    """Return the cell of the one-off task that ``launch_type`` starts in ``subnet`` (an id)."""
    return Cell(Claim.TASK_START, subnet, str(launch_type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome of one cell, or of one audit (then ``subnet`` and ``service`` may be None).

    ``id`` is ``claim[subnet-service]`` with the subnet's slug, the same in every run mode.
    ``reason`` is set whenever ``verdict`` is ``SKIPPED`` or ``ERROR``. Of ``task-start`` the
    ``service`` is None, ``launch_types`` the task's one, ``subject`` the endpoint services at
    which it ended.
    """

    id: str
    claim: Claim
    subnet: str | None = None
    service: str | None = None
    subject: str | None = None
    launch_types: tuple[LaunchType, ...] = ()
    vantage: str | None = None
    verdict: Verdict
    basis: Basis
    code: Code | None = None
    phase: str | None = None
    expected: str
    observed: str
    reason: str | None = None
    duration_ms: float = 0.0

    @property
    def cell(self) -> Cell | None:
        """The square of the matrix that this is about; None of an audit's check."""
        if self.subnet is None:
            return None
        if self.claim is Claim.TASK_START:
            return task_cell(self.subnet, self.launch_types[0]) if self.launch_types else None
        return None if self.service is None else Cell(self.claim, self.subnet, self.service)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends a finding: AWS CLI commands to paste, and the Terraform that says the same."""

    cli: tuple[str, ...] = ()
    terraform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an audit holds against a snapshot, and the cells that it blocks.

    ``of_others``: it is about other callers, such as tasks' roles, or other things than this run's
    calls are about, so that these do not disprove it by passing.
    """

    code: Code
    severity: Severity
    subject: str
    summary: str
    expected: str
    observed: str
    remedy: Remedy
    reference: str
    launch_types: tuple[LaunchType, ...] = ()
    blocks: tuple[Cell, ...] = ()
    of_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A finding or live failure that explains red cells; ``explains`` holds check ids."""

    id: str
    code: Code
    severity: Severity
    subject: str
    summary: str
    remedy: Remedy
    reference: str
    explains: tuple[str, ...] = ()
