"""Words of an image that was not pulled."""

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.stopped.row import Kind, Row
from pytest_ecs_privatelink.verdict import Code

_LAYERS = (
    "look at the S3 gateway endpoint and its route tables, then whether the tasks' outbound rules "
    "admit 443 to the S3 prefix list"
)
_PULLING = (
    r"(?:CannotPull\w*|pull image manifest|failed to resolve ref|pull the image|\bmanifest).*"
)
_PAGE = "AmazonECS, task_cannot_pull_image"

PULLED_WRONG_ROWS = (
    Row(
        id="rate-limit",
        kind=Kind.WHOLE,
        seen=r"\btoomanyrequests\b",
        phase=Phase.PULL,
        says="the registry was reached, and limits how many images are pulled: it is not the "
        "network",
        advice="copy the image into a private repository of Amazon ECR, or log in to the registry",
        source="36",
    ),
    Row(
        id="disk-full",
        kind=Kind.WHOLE,
        seen=r"\bno space left on device\b",
        phase=Phase.PULL,
        says="the disk is full: it is not the network",
        advice="give the task more ephemeral storage, or the instance a larger volume",
        source="36",
    ),
    Row(
        id="registry-login",
        kind=Kind.WHOLE,
        seen=r"\bno basic auth credentials\b",
        phase=Phase.PULL,
        says="the registry was reached without a login: it is not the network",
        advice="update the container agent (1.25.1 or newer), and let the role pull from ECR",
        source="32",
    ),
    Row(
        id="digest",
        kind=Kind.WHOLE,
        pulls=True,
        seen=r"\bunexpected commit digest\b",
        phase=Phase.PULL,
        service="ecr.dkr",
        own=Code.ECR_DIGEST,
        says="a layer arrived whole and is not what its digest names: something on the way, or in "
        "the store, changed it",
        advice="push the image anew, and look for a proxy that rewrites answers",
        source="containerd, content/local/writer.go: unexpected commit digest",
    ),
    Row(
        id="platform",
        kind=Kind.WHOLE,
        pulls=True,
        seen=r"descriptor matching platform|no match(?:ing manifest)? for .{0,40}manifest list"
        r"|no matching manifest",
        phase=Phase.PULL,
        service="ecr.dkr",
        own=Code.ECR_MANIFEST,
        says="the registry was reached, and has the image for another platform: it is not the "
        "network",
        advice="build the image for the task's CPU architecture, or set runtimePlatform",
        source=_PAGE,
    ),
    Row(
        id="image-missing",
        kind=Kind.WHOLE,
        pulls=True,
        seen=r"^(?!.*not authorized to perform).*(?:requested access to the resource is denied"
        r"|repository does not exist|manifest unknown|name unknown|check whether the image exists"
        rf"|{_PULLING}(?:not found|does not exist))",
        phase=Phase.PULL,
        service="ecr.dkr",
        own=Code.ECR_MANIFEST,
        says="the registry was reached, and has no such image, or does not show it: it is not the "
        "network",
        advice="mend the image's repository or tag in the task definition",
        source=f"31; {_PAGE}",
    ),
    Row(
        id="layers-forbidden",
        kind=Kind.WHOLE,
        refused=Denier.ENDPOINT_POLICY,
        # Other registries than ECR have their layers elsewhere.
        seen=r"^(?!.*https?://(?!prod-)).*"
        r"(?:httpReadSeeker|failed to copy|image configuration|failed open).*"
        r"(?:\b403 Forbidden\b|(?:HTTP|code|status)\W{0,3}403\b)",
        phase=Phase.PULL,
        service="s3",
        own=Code.ECR_LAYER,
        says="S3 was reached, and refuses the image's layers: AWS signs these requests, so it is "
        "the policy of the S3 endpoint",
        advice="allow s3:GetObject on the Region's layer bucket "
        "(arn:aws:s3:::prod-REGION-starport-layer-bucket/*) in the S3 endpoint's policy, without "
        "conditions on the own account or organization",
        source="26, 27",
    ),
)
"""Pulls that the network did not stop."""

PULL_ROWS = (
    Row(
        id="layers-panic",
        kind=Kind.WHOLE,
        network=True,
        seen=r"pull command failed: panic: runtime error",
        phase=Phase.PULL,
        service="s3",
        own=Code.ECR_LAYER,
        says="the image's layers do not arrive from S3, over which Fargate's pull panics",
        advice=_LAYERS,
        source="28",
    ),
    Row(
        id="layers",
        pulls=True,
        # A status is an answer: what it means is for other rows.
        seen=r"^(?!.*unexpected status).*(?:\bhttpReadSeeker\b|\bfailed to copy\b"
        r"|\bprod-[a-z0-9-]+-starport-layer-bucket\b|\bGet REDACTED ECR URL\b"
        r"|pulling image configuration)",
        phase=Phase.PULL,
        service="s3",
        own=Code.ECR_LAYER,
        denied=Code.ECR_LAYER,
        network=True,
        says="the image's layers do not arrive",
        advice=_LAYERS,
        source="25",
    ),
    Row(
        id="layers-canceled",
        kind=Kind.WHOLE,
        network=True,
        seen=r"CannotPull\w*: (?:\w+: )*context cancell?ed|Could not transition to started; timed",
        phase=Phase.PULL,
        service="s3",
        own=Code.ECR_LAYER,
        says="the pull was given up after minutes of silence: the image's layers, as a rule, which "
        "come from S3",
        advice=f"{_LAYERS}; on instances also at the log driver's way to CloudWatch Logs",
        source="24",
    ),
    Row(
        id="manifest",
        pulls=True,
        seen=r"\bfailed to resolve ref|\bpull image manifest\b|Get \"?https?://[^ /]+/v2/"
        r"|can'?(?:no)?t pull '|from the amazon ecr repository|\bpull access denied\b"
        r"|ecr:(?:BatchGetImage|GetDownloadUrlForLayer|BatchCheckLayerAvailability)",
        phase=Phase.PULL,
        service="ecr.dkr",
        own=Code.ECR_MANIFEST,
        denied=Code.ECR_MANIFEST,
        says="the image's manifest does not arrive from its registry",
        source="21, 22, 23, 29",
    ),
    Row(
        id="pull",
        pulls=True,
        seen=r"\bCannotPull\w*Error\b|\bCannotPull\w*:|can'?(?:no)?t pull the image",
        phase=Phase.PULL,
        own=Code.ECR_MANIFEST,
        denied=Code.ECR_MANIFEST,
        says="the image is not pulled",
        source=_PAGE,
    ),
)
"""Pulls that may have failed by the network."""
