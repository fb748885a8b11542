"""The 36 texts of FACTS section 4.1 by their numbers, and what each comes down to."""

from typing import NamedTuple

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

_INIT = "ResourceInitializationError: "
_PULL_INIT = f"{_INIT}unable to pull secrets or registry auth: "
_RETRIED = "execution resource retrieval failed: "
_ROLE = "User: arn:aws:sts::{account}:assumed-role/exec/1a2b is not authorized to perform: "
_ECR = "{account}.dkr.ecr.{region}.amazonaws.com"
_CANCELED = (
    "net/http: request canceled while waiting for connection "
    "(Client.Timeout exceeded while awaiting headers)"
)


class Told(NamedTuple):
    """What a text is to come down to."""

    phase: Phase
    service: str | None
    code: Code | None
    network: bool
    denied_by: Denier | None = None
    action: str | None = None


class StopText(NamedTuple):
    """A text with holes for ``{account} {region} {address} {image} {secret}``."""

    number: str
    text: str
    told: Told


_TOKEN = Told(Phase.AUTH, "ecr.api", Code.ECR_AUTH, True)
_TOKEN_SILENT = _TOKEN._replace(code=Code.TCP_TIMEOUT)
_PARAMETER = Told(Phase.SECRETS, "ssm", Code.SECRET_UNREACHABLE, True)
_SECRET = Told(Phase.SECRETS, "secretsmanager", Code.SECRET_UNREACHABLE, True)
_ENV = Told(Phase.ENV_FILES, "s3", Code.TCP_TIMEOUT, True)
_LOGS = Told(Phase.LOGS, "logs", Code.LOGS_UNREACHABLE, True)
_MANIFEST = Told(Phase.PULL, "ecr.dkr", Code.ECR_MANIFEST, True)
_LAYER = Told(Phase.PULL, "s3", Code.ECR_LAYER, True)
_LAYER_REFUSED = Told(
    Phase.PULL, "s3", Code.ECR_LAYER, False, Denier.ENDPOINT_POLICY, "s3:GetObject"
)
_NOT_NETWORK = Told(Phase.PULL, None, None, False)

STOP_TEXTS = (
    StopText(
        "1",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve ecr registry auth: service call has been "
        "retried 3 time(s): RequestError: send request failed caused by: Post "
        '"https://api.ecr.{region}.amazonaws.com/": dial tcp {address}:443: i/o timeout. Please '
        "check your task network configuration.",
        _TOKEN_SILENT,
    ),
    StopText(
        "2",
        f"{_PULL_INIT}The task cannot pull registry auth from Amazon ECR: There is a connection "
        "issue between the task and Amazon ECR. Check your task network configuration. "
        'RequestError: send request failed caused by: Post "https://api.ecr.{region}.amazonaws.com'
        '/": dial tcp {address}:443: i/o timeout',
        _TOKEN_SILENT,
    ),
    StopText(
        "3",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secrets from ssm: service call has been retried "
        "5 time(s): RequestCanceled: request context canceled caused by: context deadli...",
        _PARAMETER,
    ),
    StopText(
        "4",
        f"{_PULL_INIT}{_RETRIED}unable to get registry auth from asm: service call has been "
        "retried 5 time(s): asm fetching secret from the service for {secret}",
        _SECRET._replace(phase=Phase.AUTH),
    ),
    StopText(
        "5",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secret from asm: service call has been retried "
        "\u2026",
        _SECRET,
    ),
    StopText(
        "6",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secret from asm: service call has been retried "
        f"1 time(s): api error AccessDeniedException: {_ROLE}secretsmanager:GetSecretValue on "
        "resource: {secret} because no identity-based policy allows the "
        "secretsmanager:GetSecretValue action",
        Told(
            Phase.SECRETS,
            "secretsmanager",
            Code.SECRET_DENIED,
            False,
            Denier.IDENTITY,
            "secretsmanager:GetSecretValue",
        ),
    ),
    StopText(
        "7",
        "Fetching secret data from SSM Parameter Store in {region}: AccessDeniedException: "
        f"{_ROLE}ssm:GetParameters on resource: "
        "arn:aws:ssm:{region}:{account}:parameter/app because no VPC endpoint policy allows the "
        "ssm:GetParameters action",
        Told(
            Phase.SECRETS,
            "ssm",
            Code.ENDPOINT_POLICY_DENIES,
            False,
            Denier.ENDPOINT_POLICY,
            "ssm:GetParameters",
        ),
    ),
    StopText(
        "8",
        f"{_PULL_INIT}pull command failed: : signal: killed",
        Told(Phase.AUTH, None, Code.TCP_TIMEOUT, True),
    ),
    StopText(
        "9",
        f"{_PULL_INIT}The task cannot pull registry authentication from Amazon ECR. There is a "
        "connection issue between the task and Amazon ECR. Check your task network configuration.",
        _TOKEN,
    ),
    StopText(
        "10",
        f"{_PULL_INIT}The task cannot pull secrets from AWS Systems Manager Parameter Store. Check "
        "your network connection between the task and AWS Systems Manager.",
        _PARAMETER,
    ),
    StopText(
        "11",
        f"{_PULL_INIT}The task can\u2019t pull secrets from AWS Secrets Manager. There is a "
        "connection issue between the task and Secrets Manager. Check your task network "
        "configuration.",
        _SECRET,
    ),
    StopText(
        "12",
        "ResourceNotFoundException: Fetching secret data from AWS Secrets Manager in region "
        "{region}: secret {secret}: ResourceNotFoundException: Secrets Manager can't find the "
        "specified secret.",
        _SECRET._replace(code=Code.SECRET_MISSING, network=False),
    ),
    StopText(
        "13",
        f"{_INIT}The task can't download the environment variable files from Amazon S3. There is a "
        "connection issue between the task and Amazon S3. Check your task network configuration.",
        _ENV,
    ),
    StopText(
        "14",
        f"{_INIT}failed to download env files: file download command: non-empty error stream: "
        "RequestCanceled: request context canceled caused by: context deadline exceeded",
        _ENV,
    ),
    StopText(
        "15",
        f"{_INIT}failed to download env files: service call has been retried 1 time(s): operation "
        "error S3: HeadObject, https response error StatusCode: 403, RequestID: X, HostID: Y, api "
        "error Forbidden: Forbidden",
        Told(
            Phase.ENV_FILES,
            "s3",
            Code.ENV_FILE_BUCKET_DENIED,
            False,
            Denier.UNSAID,
            "s3:GetObject",
        ),
    ),
    StopText("16", f"{_INIT}failed to validate logger args: : signal: killed", _LOGS),
    StopText(
        "17",
        f"{_INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log "
        "group defined in the task definition. There is a connection issue between the task and "
        "Amazon CloudWatch. Check your network configuration. : signal: killed",
        _LOGS,
    ),
    StopText(
        "18",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does "
        "not exist. : exit status 1",
        _LOGS._replace(code=Code.LOGS_GROUP_MISSING, network=False),
    ),
    StopText(
        "19",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https "
        "response error StatusCode: 400, RequestID: X, api error AccessDeniedException: "
        f"{_ROLE}logs:CreateLogStream on resource: "
        "arn:aws:logs:{region}:{account}:log-group:/ecs/app:log-stream:app/web/1 because no "
        "identity-based policy allows the logs:CreateLogStream action: exit status 1",
        Told(
            Phase.LOGS,
            "logs",
            Code.LOGS_DENIED,
            False,
            Denier.IDENTITY,
            "logs:CreateLogStream",
        ),
    ),
    StopText(
        "20",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: MissingEndpoint: 'Endpoint' configuration is required for t",
        _LOGS._replace(code=None, network=False),
    ),
    StopText(
        "21",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
        f"resolve ref {_ECR}/{{image}}:1: failed to do request: Head "
        f'"https://{_ECR}/v2/{{image}}/manifests/latest": dial tcp {{address}}:443: i/o timeout',
        _MANIFEST._replace(code=Code.TCP_TIMEOUT),
    ),
    StopText(
        "22",
        "CannotPullContainerError: Error response from daemon: Get "
        f"https://{_ECR}/v2/: {_CANCELED}",
        _MANIFEST._replace(code=Code.TCP_TIMEOUT),
    ),
    StopText(
        "23",
        f"CannotPullContainerError: The task cannot pull \u2018{{image}}\u2019 from the Amazon "
        f"ECR repository \u2018{_ECR}/{{image}}\u2019. There is a connection issue between the "
        "task and Amazon ECR. Check your task network configuration.",
        _MANIFEST,
    ),
    StopText("24", "CannotPullContainerError: context canceled", _LAYER),
    StopText(
        "24b",
        "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s",
        _LAYER,
    ),
    StopText(
        "25",
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
        "httpReadSeeker: failed open: failed to do request: Get "
        '"https://prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com/1a-2b/3c',
        _LAYER,
    ),
    StopText(
        "25b",
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
        "httpReadSeeker: failed open: failed to do request: Get REDACTED ECR URL related to "
        "{image}: dial tcp {address}:443: i/o timeout",
        _LAYER._replace(code=Code.TCP_TIMEOUT),
    ),
    StopText(
        "26",
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: "
        "httpReadSeeker: failed open: unexpected status code https://prod-{region}-starport-layer-"
        "bucket.s3.{region}.amazonaws.com/1a-2b/3c: 403 Forbidden",
        _LAYER_REFUSED,
    ),
    StopText(
        "26b",
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: "
        "httpReadSeeker: failed open: unexpected status code 403 Forbidden",
        _LAYER_REFUSED,
    ),
    StopText(
        "27",
        "CannotPullContainerError: error pulling image configuration: error parsing HTTP 403 "
        "response body: invalid character '<' looking for beginning of value: \"<?xml "
        'version=\\"1.0\\"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message>"',
        _LAYER_REFUSED,
    ),
    StopText(
        "28",
        f"{_PULL_INIT}pull command failed: panic: runtime error: invalid memory address or nil "
        "pointer dereference",
        _LAYER,
    ),
    StopText(
        "29",
        "The task can\u2019t pull the image. Check that the role has the permissions to pull "
        f"images from the registry. Error response from daemon: pull access denied for "
        f"{_ECR}/{{image}}, repository does not exist or may require 'docker login': denied: "
        f"{_ROLE}ecr:BatchGetImage on resource: "
        "arn:aws:ecr:{region}:{account}:repository/{image} because no "
        "identity-based policy allows the ecr:BatchGetImage action",
        Told(
            Phase.PULL,
            "ecr.dkr",
            Code.ECR_MANIFEST,
            False,
            Denier.IDENTITY,
            "ecr:BatchGetImage",
        ),
    ),
    StopText(
        "30",
        "The task can\u2019t pull the image. Check your network configuration. RequestError: send "
        'request failed\ncaused by: Post "https://api.ecr.{region}.amazonaws.com/": '
        f"{_CANCELED}",
        _TOKEN_SILENT,
    ),
    StopText(
        "31",
        "The task can\u2019t pull the image. Check whether the image exists. Error response from "
        f"daemon: pull access denied for {_ECR}/{{image}}, repository does not exist or may "
        "require 'docker login': denied: requested access to the resource is denied",
        _MANIFEST._replace(network=False),
    ),
    StopText(
        "32",
        "CannotPullECRContainerError: Error response from daemon: Get "
        f"https://{_ECR}/v2/{{image}}/manifests/1: no basic auth credentials",
        _NOT_NETWORK,
    ),
    StopText("33", "AGENT", Told(Phase.PLACEMENT, None, Code.AGENT_DISCONNECTED, False)),
    StopText(
        "34",
        f"{_INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: "
        "b'mount.nfs4: Connection timed out' : unsuccessful EFS utils command execution; code: 32",
        Told(Phase.VOLUMES, None, Code.EFS_MOUNT_UNREACHABLE, False),
    ),
    StopText(
        "35",
        "Unexpected EC2 error while attempting to Create Network Interface with public IP "
        "assignment enabled in subnet 'subnet-0abc': InsufficientFreeAddressesInSubnet",
        Told(Phase.INTERFACE, None, Code.SUBNET_ADDRESSES_EXHAUSTED, False),
    ),
    StopText(
        "36",
        "CannotPullContainerError: inspect image has been retried 1 time(s): httpReadSeeker: "
        "failed open: unexpected status code https://registry-1.docker.io/v2/{image}/manifests/"
        "sha256:1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your "
        "pull rate limit.",
        _NOT_NETWORK,
    ),
    StopText(
        "36b",
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer "
        "sha256:1a: write /var/lib/containerd/tmp: no space left on device: unknown",
        _NOT_NETWORK,
    ),
)
"""Where FACTS cuts a text, the rest is as AWS's other texts go on."""


def filled(text: str, **holes: str) -> str:
    """Return ``text`` with usual things in its holes, or those that are given."""
    usual = {
        "account": "111122223333",
        "region": "eu-west-1",
        "address": "10.0.1.23",
        "image": "team/app",
        "secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3",
    }
    for name, value in {**usual, **holes}.items():
        text = text.replace(f"{{{name}}}", value)
    return text
