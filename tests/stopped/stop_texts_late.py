"""Texts 21 to 36: the image, and what is no step of a start."""

from stop_told import StopText, Told

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

_INIT = "ResourceInitializationError: "
_PULL_INIT = f"{_INIT}unable to pull secrets or registry auth: "
_ROLE = "User: arn:aws:sts::{account}:assumed-role/exec/1a2b is not authorized to perform: "
_ECR = "{account}.dkr.ecr.{region}.amazonaws.com"
_CANCELED = (
    "net/http: request canceled while waiting for connection "
    "(Client.Timeout exceeded while awaiting headers)"
)
_TOKEN = Told(Phase.AUTH, "ecr.api", Code.ECR_AUTH, True)
_TOKEN_SILENT = _TOKEN._replace(code=Code.TCP_TIMEOUT)
_MANIFEST = Told(Phase.PULL, "ecr.dkr", Code.ECR_MANIFEST, True)
_LAYER = Told(Phase.PULL, "s3", Code.ECR_LAYER, True)
_LAYER_REFUSED = Told(
    Phase.PULL, "s3", Code.ECR_LAYER, False, Denier.ENDPOINT_POLICY, "s3:GetObject"
)
_NOT_NETWORK = Told(Phase.PULL, None, None, False)

LATE_TEXTS = (
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
