"""What else texts say: addresses, hosts, policies, and nothing at all."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stop_texts import STOP_TEXTS, StopText, filled
from test_explain_table import told_of

from pytest_ecs_privatelink.catalogue.partitions import PARTITIONS
from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.stopped.hosts import service_of
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

REGIONS = {
    "us-east-1": "amazonaws.com",
    "ap-southeast-7": "amazonaws.com",
    "us-gov-west-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
    "us-isob-east-1": "sc2s.sgov.gov",
    "eusc-de-east-1": "amazonaws.eu",
}
POISON = (
    "no-such-host",
    "toomanyrequests",
    "prod-x-starport-layer-bucket",
    "httpReadSeeker",
    "logger-args",
    "context-deadline",
    "AccessDenied",
    "403",
    "vpc-endpoint-policy",
    "kms/secretsmanager",
    "AGENT",
)
NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
PRIVATE = st.one_of(
    st.ip_addresses(network="10.0.0.0/8"),
    st.ip_addresses(network="172.16.0.0/12"),
    st.ip_addresses(network="100.64.0.0/10"),
    st.ip_addresses(network="fd00::/8"),
)
TOKEN = next(row for row in STOP_TEXTS if row.number == "1")


def spelt(address: object) -> str:
    """Return an address as it stands before a port."""
    return f"[{address}]" if ":" in str(address) else str(address)


def after(how: str, host: str = "api.ecr.eu-west-1.amazonaws.com") -> str:
    """Return the text of a token that did not arrive because of ``how``."""
    return (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 "
        f'time(s): RequestError: send request failed caused by: Post "https://{host}/": {how}'
    )


@given(
    row=st.sampled_from(STOP_TEXTS),
    account=st.text(string.digits, min_size=12, max_size=12),
    region=st.sampled_from(sorted(REGIONS)),
    address=PRIVATE.map(spelt),
    image=st.one_of(NAMES, st.sampled_from(POISON)),
    secret=st.one_of(NAMES, st.sampled_from(POISON)),
    partition=st.sampled_from(PARTITIONS),
)
def test_whoever_s_text_it_is_it_means_the_same(
    row: StopText,
    account: str,
    region: str,
    address: str,
    image: str,
    secret: str,
    partition: object,
) -> None:
    """Accounts, ARNs, Regions, private addresses, images and secrets change nothing.

    Neither do names that sound like another reason.
    """
    name = getattr(partition, "name", "aws")
    arn = f"arn:{name}:secretsmanager:{region}:{account}:secret:{secret}"
    text = filled(
        row.text, account=account, region=region, address=address, image=image, secret=arn
    ).replace(".amazonaws.com", f".{REGIONS[region]}")

    assert told_of(explain_text(text)) == row.told


@given(row=st.sampled_from(STOP_TEXTS), kept=st.integers(120, 400))
def test_a_cut_text_blames_nobody_else(row: StopText, kept: int) -> None:
    """Platform 1.4 cuts long reasons: what is left blames the same service, or none."""
    found = explain_text(filled(row.text)[:kept])

    assert found.service in (row.told.service, None)
    assert found.code is not Code.IMAGE_REGISTRY_PUBLIC


# Hypothesis tries the literals of the code under test, too, and these letters are in each of them.
@given(st.text(st.characters(exclude_characters="eEoO"), max_size=300))
@example("Error: something went wrong, and nobody has seen it before")
@example("Task failed to start")
@example("TaskFailedToStart")
@example("ResourceInitializationError: the moon is in the wrong house")
def test_random_text_is_unknown_and_shown_whole(text: str) -> None:
    """Nothing is guessed of what nobody has seen, and nothing raises."""
    found = explain_text(text)

    assert (found.known, found.service, found.code, found.network) == (False, None, None, False)
    assert found.text == text
    assert "no cause is guessed" in found.sentence


@given(
    st.lists(
        st.sampled_from(
            (
                *("dial tcp", "lookup x on 1.1.1.1:53", "[::", "999.9.9.9:443", "https://", "'"),
                *("signal: killed", "not authorized to perform", "logger args", "ref", "arn:aws:"),
            )
        ),
        max_size=8,
    )
)
def test_heaps_of_words_never_raise(words: list[str]) -> None:
    """Any heap of the words that are looked for is explained, or unknown."""
    assert explain_text(" ".join(words)).text == " ".join(words)


def test_unknown_words_of_a_known_step_have_its_phase() -> None:
    """What ECS says of the step is believed; why is unknown."""
    found = explain_text("CannotPullContainerError: the moon is in the wrong house")

    assert (found.known, found.phase, found.code) == (False, Phase.PULL, None)
    assert found.sentence == (
        "ECS's words for this stop are unknown (it stopped at: image pull); no cause is guessed"
    )


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host",
            Code.DNS_NXDOMAIN,
            "the name api.ecr.eu-west-1.amazonaws.com does not exist (NXDOMAIN)",
        ),
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: server misbehaving",
            Code.DNS_SERVFAIL,
            "the name server fails (SERVFAIL) on api.ecr.eu-west-1.amazonaws.com",
        ),
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: read udp "
            "10.0.1.5:4242->10.0.0.2:53: i/o timeout",
            Code.DNS_TIMEOUT,
            "the name server does not answer for api.ecr.eu-west-1.amazonaws.com",
        ),
        (
            "dial udp 10.0.0.2:53: i/o timeout",
            Code.DNS_TIMEOUT,
            "the name server does not answer for what was looked up",
        ),
        (
            "net/http: TLS handshake timeout",
            Code.TLS_HANDSHAKE,
            "TCP is accepted, and TLS never finished",
        ),
        (
            "x509: certificate signed by unknown authority",
            Code.TLS_CERTIFICATE,
            "the certificate that was presented does not hold",
        ),
        (
            "dial tcp 10.0.1.7:443: connect: connection refused",
            Code.TCP_REFUSED,
            "the connection was refused or reset from 10.0.1.7",
        ),
        (
            "dial tcp 10.9.0.7:443: connect: no route to host",
            Code.TCP_UNREACHABLE,
            "no route leads to 10.9.0.7, a private address: the name leads into the VPC, and what "
            "lies between stops it",
        ),
        (
            "read tcp 10.0.1.5:4242->10.0.1.7:443: read: connection timed out",
            Code.TCP_TIMEOUT,
            "no answer from 10.0.1.7, a private address: the name leads into the VPC, and what "
            "lies between stops it",
        ),
        (
            "read: connection timed out",
            Code.TCP_TIMEOUT,
            "the connection got no answer",
        ),
        (
            "dial tcp 52.94.5.6:443: i/o timeout",
            Code.DNS_PUBLIC_ANSWER,
            "no answer from 52.94.5.6, a public address (unless it is of the VPC's own ranges): no "
            "endpoint answers for the name, and no way leads out",
        ),
        (
            "dial tcp [2600:1f18::7]:443: connect: network is unreachable",
            Code.DNS_PUBLIC_ANSWER,
            "no route leads to 2600:1f18::7, a public address (unless it is of the VPC's own "
            "ranges): no endpoint answers for the name, and no way leads out",
        ),
        *(
            (
                silent,
                Code.ECR_AUTH,
                "it ran out of time, which is the network; the text does not say whether at the "
                "name, the connection or the answer",
            )
            for silent in (
                "context deadline exceeded",
                "context deadli...",
                "signal: killed",
                "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
            )
        ),
        (
            "net/http: request canceled while waiting for connection",
            Code.TCP_TIMEOUT,
            "no connection came about in time",
        ),
    ],
)
def test_how_the_network_failed_is_told_apart(how: str, code: Code, sentence: str) -> None:
    """Each of the official substrings, and of Go's words, has its code; what is unsaid has none."""
    found = explain_text(after(how))

    assert (found.service, found.code, found.network) == ("ecr.api", code, True)
    assert found.sentence == (
        f"no token for the image's registry arrives from Amazon ECR: {sentence}"
    )


def test_the_vpc_s_ranges_decide_what_is_private() -> None:
    """A VPC may have any range: with its blocks given, nothing is left to the address's looks."""
    text = filled(TOKEN.text, address="172.40.1.94")

    alone, inside = explain_text(text), explain_text(text, ("172.40.0.0/16", "fd00::/8"))
    elsewhere = explain_text(text, ("10.0.0.0/16",))

    assert (alone.address, alone.private, alone.code) == (
        "172.40.1.94",
        False,
        Code.DNS_PUBLIC_ANSWER,
    )
    assert (inside.private, inside.code) == (True, Code.TCP_TIMEOUT)
    assert (elsewhere.private, elsewhere.code) == (False, Code.DNS_PUBLIC_ANSWER)
    assert "unless" in alone.sentence
    assert "unless" not in elsewhere.sentence


def test_s3_may_be_public() -> None:
    """A gateway endpoint takes public addresses of S3's: silence there is no matter of DNS."""
    layers = next(row for row in STOP_TEXTS if row.number == "25b")

    found = explain_text(filled(layers.text, address="52.218.1.2"))

    assert (found.service, found.code, found.private) == ("s3", Code.TCP_TIMEOUT, False)
    assert "S3 gateway endpoint and its route tables" in found.advice


@pytest.mark.parametrize("registry", ["registry-1.docker.io", "public.ecr.aws", "ghcr.io"])
def test_registries_that_no_endpoint_serves_are_called_so(registry: str) -> None:
    """A registry that is none of a private ECR is a registry on the internet."""
    found = explain_text(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
        f'resolve ref {registry}/a/b:1: failed to do request: Head "https://{registry}/v2/a/b/'
        'manifests/1": dial tcp 54.1.2.3:443: i/o timeout'
    )

    assert (found.service, found.code) == (None, Code.IMAGE_REGISTRY_PUBLIC)
    assert registry in found.sentence
    assert "no endpoint of AWS leads to this registry" in found.advice


def test_a_registry_of_one_s_own_is_no_public_one() -> None:
    """An address in the VPC is a path that is stopped."""
    found = explain_text(
        "CannotPullContainerError: failed to resolve ref registry.corp/a:1: failed to do request: "
        'Head "https://registry.corp/v2/a/manifests/1": dial tcp 10.1.2.3:443: i/o timeout'
    )

    assert (found.service, found.code) == (None, Code.TCP_TIMEOUT)


@pytest.mark.parametrize(
    ("clause", "denier", "code"),
    [
        ("no VPC endpoint policy allows", Denier.ENDPOINT_POLICY, Code.ENDPOINT_POLICY_DENIES),
        ("no identity-based policy allows", Denier.IDENTITY, Code.ECR_AUTH),
        ("no service control policy allows", Denier.ORGANIZATION, Code.ECR_AUTH),
        ("no resource-based policy allows", Denier.RESOURCE, Code.ECR_AUTH),
        ("", Denier.UNSAID, Code.ECR_AUTH),
    ],
)
def test_the_policy_that_refused_is_named(clause: str, denier: Denier, code: Code) -> None:
    """AWS's clause tells the layer; it is not the network."""
    found = explain_text(
        after(
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/e/1 is not "
            "authorized to perform: ecr:GetAuthorizationToken on resource: * "
            + (f"because {clause} the ecr:GetAuthorizationToken action" if clause else "")
        )
    )

    assert (found.denied_by, found.code, found.network) == (denier, code, False)
    assert found.action == "ecr:GetAuthorizationToken"
    assert "ecr:GetAuthorizationToken was refused by" in found.sentence


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("api.ecr.us-east-1.amazonaws.com", "ecr.api"),
        ("ecr.us-east-1.api.aws", "ecr.api"),
        ("api.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.api"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr.dkr"),
        ("111122223333.dkr-ecr.us-east-1.on.aws", "ecr.dkr"),
        ("prod-us-iso-east-1-starport-layer-bucket.s3.us-iso-east-1.c2s.ic.gov", "s3"),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3"),
        ("bucket.s3.amazonaws.com", "s3"),
        ("logs.ca-west-1.amazonaws.com", "logs"),
        ("logs.ca-west-1.api.aws", "logs"),
        ("logs-fips.us-east-1.amazonaws.com", "logs"),
        ("secretsmanager.eu-central-2.amazonaws.com", "secretsmanager"),
        ("ssm.eu-west-1.amazonaws.com", "ssm"),
        ("ssm-fips.us-east-1.amazonaws.com", "ssm-fips"),
        ("kms.eu-west-1.amazonaws.com", "kms"),
        ("ecs-a.eu-west-1.amazonaws.com", "ecs-agent"),
        ("vpce-0a1b-2c3d.api.ecr.us-east-1.vpce.amazonaws.com", "ecr.api"),
        ("public.ecr.aws", None),
        ("registry-1.docker.io", None),
        ("api.ecr.us-east-1.amazonaws.com.evil.example", None),
        ("evilamazonaws.com", None),
        ("", None),
    ],
)
def test_hosts_have_their_endpoint_service(host: str, service: str | None) -> None:
    """Any Region and partition, FIPS and dual-stack names, and endpoints' own names are known."""
    assert service_of(host) == service


def test_a_fips_host_is_of_its_own_endpoint() -> None:
    """Where the text names a FIPS host, its endpoint service is blamed, not the plain one."""
    found = explain_text(
        after("dial tcp 10.0.0.9:443: i/o timeout", "api.ecr-fips.us-east-1.amazonaws.com")
    )

    assert found.service == "ecr-fips.api"


def test_a_nameless_call_is_known_by_its_host() -> None:
    """Of a text without its beginning, the host tells the step."""
    found = explain_text(
        'send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/": '
        "dial tcp 10.0.0.9:443: i/o timeout"
    )

    assert (found.known, found.phase, found.service) == (True, Phase.LOGS, "logs")
    assert found.code is Code.TCP_TIMEOUT
