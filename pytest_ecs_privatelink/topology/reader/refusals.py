"""Why AWS did not answer, in one line: a note in the snapshot, or the end of the run."""

import difflib
import re
from dataclasses import dataclass

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.reader.wire import Refused

_LONGEST = 200
# Error codes: docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the common
# errors of the JSON and REST protocols.
_UNKNOWN = frozenset({"InvalidVpcID.NotFound", "InvalidVpcId.NotFound"})
_MALFORMED = frozenset(
    {"InvalidVpcID.Malformed", "InvalidVpcId.Malformed", "InvalidParameterValue"}
)
_DENIED = frozenset(
    {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_OPT_IN = frozenset({"OptInRequired"})
_FRESH_CREDENTIALS = (
    "renew them (`aws sso login`, `aws configure`, or the AWS_* variables) or choose others with "
    "--ecs-profile"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried, for messages: ``regions`` are those that botocore knows.

    ``cluster`` is set where the ECS API was asked for it, else the EC2 API for the VPC.
    """

    vpc: str
    region: str
    url: str
    emulated: bool
    regions: tuple[str, ...] = ()
    profile: str = "default"
    cluster: str | None = None

    @property
    def wanted(self) -> str:
        """What cannot be read."""
        return self.vpc if self.cluster is None else f"cluster {self.cluster}"

    @property
    def endpoint(self) -> str:
        """The endpoint service that reading it from inside a closed VPC takes."""
        return "ec2" if self.cluster is None else "ecs"


def in_short(refused: Refused) -> str:
    """Return the cause as one line of at most 200 characters, without encoded AWS messages."""
    cause = refused.cause
    if isinstance(cause, ResponseParserError):
        return "the answer is not in AWS's format"
    if isinstance(cause, boto.ClientError):
        error = cause.response.get("Error", {})
        message = str(error.get("Message", "")).partition("Encoded authorization failure")[0]
        code = error.get("Code") or "no code"
        return _one_line(f"{code}: an HTML page" if "<html" in message else f"{code}: {message}")
    return _one_line(str(cause) or type(cause).__name__)


def fatal(refused: Refused, attempt: Attempt) -> ReadError:
    """Return the error for a call without which there is no snapshot; it says what to do."""
    cause = refused.cause
    if isinstance(cause, boto.ClientError):
        return ReadError(_answered(cause, refused, attempt))
    if isinstance(cause, (boto.ConnectionError, boto.HTTPClientError)):
        return ReadError(_no_answer(cause, attempt))
    if isinstance(cause, boto.BotoCoreError):
        return unusable(cause, attempt.profile)
    return ReadError(
        f"{attempt.url} does not answer {refused.permission} as AWS does ({in_short(refused)}): "
        f"check AWS_ENDPOINT_URL and proxies"
    )


def unusable(cause: boto.BotoCoreError, profile: str) -> ReadError:
    """Return the error for settings and credentials of ``profile`` that botocore could not use."""
    words = _one_line(str(cause))
    if isinstance(cause, boto.NoCredentialsError):
        return ReadError(
            f"no AWS credentials (profile {profile}): set the AWS_* variables, run `aws configure` "
            "or `aws sso login`, or name another profile with --ecs-profile"
        )
    if isinstance(
        cause,
        (
            boto.CredentialRetrievalError,
            boto.PartialCredentialsError,
            boto.SSOError,
            boto.TokenRetrievalError,
        ),
    ):
        return ReadError(f"AWS credentials cannot be used ({words}): {_FRESH_CREDENTIALS}")
    return ReadError(f"AWS settings cannot be used: {words}")


def no_such_vpc(vpc: str, region: str) -> ReadError:
    """Return the error for a VPC that the Region, as this account sees it, does not have."""
    return ReadError(
        f"{vpc} is not in {region} for these credentials: look in the Region where "
        f"it was made with --ecs-region, or in its account with --ecs-profile"
    )


def _answered(cause: boto.ClientError, refused: Refused, attempt: Attempt) -> str:
    code = cause.response.get("Error", {}).get("Code", "")
    words = in_short(refused)
    if code in _UNKNOWN:
        return str(no_such_vpc(attempt.vpc, attempt.region))
    if code in _MALFORMED:
        return f"{attempt.vpc} is not a VPC id that AWS accepts ({words})"
    if code in _DENIED:
        return (
            f"{refused.permission} is denied ({words}): allow it for these credentials, or choose "
            f"others with --ecs-profile"
        )
    if code in _EXPIRED:
        return f"the AWS credentials have expired ({words}): {_FRESH_CREDENTIALS}"
    if code in _INVALID:
        return (
            f"AWS does not accept these credentials in {attempt.region} ({words}): "
            f"{_FRESH_CREDENTIALS}; where they are right, the Region may not be enabled"
        )
    if code in _OPT_IN:
        return f"{attempt.region} is not enabled for this account ({words}): choose --ecs-region"
    return f"{refused.permission} failed ({words}): {attempt.wanted} cannot be read without it"


def _no_answer(cause: boto.BotoCoreError, attempt: Attempt) -> str:
    if isinstance(cause, boto.SSLError):
        return (
            f"the certificate of {attempt.url} is not trusted ({_one_line(str(cause))}): where a "
            f"proxy or emulator signs it, name its CA in AWS_CA_BUNDLE"
        )
    if isinstance(cause, boto.ProxyConnectionError):
        return f"{_one_line(str(cause))}: correct HTTPS_PROXY, or put the host in NO_PROXY"
    if attempt.emulated:
        return f"no answer from the emulator at {attempt.url}: is it running? See AWS_ENDPOINT_URL"
    if attempt.regions and attempt.region not in attempt.regions:
        return _unknown_region(attempt)
    asked = "" if attempt.cluster is None else f"--ecs-cluster {attempt.cluster} "
    return (
        f"no answer from the {attempt.endpoint.upper()} API at {attempt.url}: a VPC without an "
        f"internet path needs the interface endpoint `{attempt.endpoint}` to be read from inside; "
        f"or run `pytest --ecs-vpc {attempt.vpc} {asked}--ecs-region {attempt.region} "
        f"--ecs-save-snapshot FILE --collect-only` outside, and give --ecs-snapshot FILE here"
    )


def _unknown_region(attempt: Attempt) -> str:
    near = difflib.get_close_matches(attempt.region, attempt.regions, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "correct --ecs-region"
    return (
        f"no answer from {attempt.url}, and {attempt.region} is no Region that botocore knows: "
        f"{hint}"
    )


def _one_line(text: str) -> str:
    line = re.sub(r"\s+", " ", text).strip().rstrip(":")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
