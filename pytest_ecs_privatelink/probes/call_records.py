"""Questions that take calls to AWS's services to answer, and what came of each link."""

from dataclasses import dataclass, field
from enum import StrEnum

from pytest_ecs_privatelink.verdict import LaunchType


class CallStatus(StrEnum):
    """How a chain of calls ended, by the link that ended it.

    The first group never brought a whole answer of the service; ``UNEXPECTED`` is an answer in
    whose place a proxy or portal spoke. ``EXPIRED`` are credentials that are not, or no longer,
    valid; ``FAILED`` is a fault of this machine or of the question, not of the path.
    """

    OK = "ok"
    UNRESOLVED = "unresolved"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    TLS = "tls"
    UNEXPECTED = "unexpected"
    DENIED = "denied"
    MISSING = "missing"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    EXPIRED = "expired"
    DIGEST = "digest"
    TOO_LARGE = "too large"
    NOT_DELIVERED = "not delivered"
    FAILED = "failed"


class Denier(StrEnum):
    """What refused a call, by AWS's own wording; ``UNSAID`` where that names nothing."""

    ENDPOINT_POLICY = "VPC endpoint policy"
    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    ORGANIZATION = "organization's policy"
    KMS = "KMS"
    UNSAID = "unsaid"


class Link(StrEnum):
    """The links of the chains, in the order in which they are tried."""

    AUTH = "auth"
    MANIFEST = "manifest"
    LAYER = "layer"
    GROUP = "group"
    STREAM = "stream"
    EVENT = "event"
    READ_BACK = "read back"
    SECRET = "secret"  # noqa: S105  (a name)
    POLL = "poll endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One HTTP exchange: whom was asked, at which address, what came of it. Never a path or query.

    ``addresses`` are all that ``host`` resolved to, ``address`` the one that was dialled (None: no
    connection came about); ``received`` counts bytes of the answer's body, ``attempts`` includes
    retries after throttling and server errors.
    """

    link: Link
    host: str
    addresses: tuple[str, ...] = ()
    address: str | None = None
    status: int | None = None
    received: int = 0
    attempts: int = 1
    ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a chain ended: at ``link``, in ``phase`` (``resolve connect tls request body``).

    ``error`` is AWS's or the registry's error code; ``detail`` is one line without secrets.
    """

    status: CallStatus
    link: Link
    phase: str = "request"
    error: str | None = None
    denied_by: Denier | None = None
    action: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullQuestion:
    """Pull ``image`` as ECS does, to its last byte: token, manifest, config and every layer.

    ``api`` is the host of the ECR API (None: the registry wants no token); the registry is the
    image's own. Index manifests are followed to ``platform`` (``os/architecture``; None: the usual
    one, else any that is there). ``limit`` bounds the bytes of config and layers together,
    ``timeout`` (seconds) each wait for the network.
    """

    image: str
    api: str | None
    region: str
    platform: str | None = "linux/amd64"
    limit: int = 2 << 30
    port: int = 443
    ca_file: str | None = None
    timeout: float = 5.0
    launch_types: tuple[LaunchType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullAnswer:
    """What a `PullQuestion` brought; ``digest`` is that of what the image names.

    That is the manifest, or, of an image for several platforms, the index. ``layers`` are those
    that were verified, ``received`` the bytes of all answers' bodies together.
    """

    image: str
    outcome: Outcome
    hops: tuple[Hop, ...] = ()
    digest: str | None = None
    layers: int = 0
    received: int = 0
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuestion:
    """Deliver one event, ``message``, to a new log stream, and see it there.

    ``make_group``: create ``group`` first, tagged and with a retention of one day, if it is not
    there. ``write`` False creates nothing: the group is described instead. ``patience``, in
    seconds, is how long to look for the event; 0 is not at all. Nothing is removed here.
    """

    host: str
    region: str
    group: str
    stream: str
    message: str
    run: str
    make_group: bool = False
    write: bool = True
    patience: float = 0.0
    port: int = 443
    ca_file: str | None = None
    timeout: float = 5.0
    launch_types: tuple[LaunchType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnswer:
    """What a `LogQuestion` brought; ``note`` says why the event was not read back, if it was not.

    ``delivered_ms`` is the time from acceptance until the event was seen.
    """

    group: str
    stream: str
    outcome: Outcome
    hops: tuple[Hop, ...] = ()
    delivered_ms: float | None = None
    note: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretQuestion:
    """Fetch what ``reference`` (a task definition's ``valueFrom``) names, as ECS does.

    ``service`` is ``secretsmanager`` or ``ssm``. With ``probing`` the name cannot exist, and the
    service's own word that it does not is what was wanted (``OK``). ``key`` is one of the run's.
    """

    host: str
    region: str
    service: str
    reference: str
    key: str = field(default="", repr=False)
    probing: bool = False
    port: int = 443
    ca_file: str | None = None
    timeout: float = 5.0
    launch_types: tuple[LaunchType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAnswer:
    """What a `SecretQuestion` brought; of the value only its length and a keyed digest.

    ``digest`` is BLAKE2b under the question's ``key``: within a run, equal values have equal ones.
    """

    reference: str
    outcome: Outcome
    hops: tuple[Hop, ...] = ()
    length: int | None = None
    digest: str | None = None
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """AWS credentials for one question. Their text never shows in a representation."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def without(credentials: Credentials, text: str) -> str:
    """Return ``text`` without what it may have repeated of a request's signature."""
    for secret in filter(None, (credentials.secret_key, credentials.token, credentials.access_key)):
        text = text.replace(secret, "***")
    return text


CallQuestion = PullQuestion | LogQuestion | SecretQuestion
CallAnswer = PullAnswer | LogAnswer | SecretAnswer
