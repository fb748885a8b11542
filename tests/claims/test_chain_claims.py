"""What ends a chain decides its verdict: one row for each rule, messages word for word."""

from dataclasses import dataclass
from typing import Any

import pytest
from chain_worlds import (
    ADDRESSES,
    IMAGE,
    REDIRECT,
    S3_ADDRESS,
    SECRET,
    Scripted,
    chain_terms,
    ended,
    proven,
    world,
)
from claim_worlds import LAYERS, LOGS, NAT, S3_ROUTE, group, https

from pytest_ecs_privatelink.claims.terms import Stand
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Hop, Link
from pytest_ecs_privatelink.probes.records import ConnectStatus
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict

PULL, AWSLOGS, FETCH = Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET
FAILED, SKIPPED, ERROR = Verdict.FAILED, Verdict.SKIPPED, Verdict.ERROR
SUBJECTS = {PULL: IMAGE, AWSLOGS: "log group /ecs/app", FETCH: SECRET}


@dataclass(frozen=True)
class Row:
    """An end of a chain, and the verdict, code and words that it amounts to."""

    claim: Claim
    status: CallStatus
    link: Link
    verdict: Verdict
    code: Code | None
    told: str
    outcome: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.claim} {self.status} at {self.link} {self.outcome.get('denied_by', '')}"


def row(
    claim: Claim,
    status: CallStatus,
    link: Link,
    verdict: Verdict,
    code: Code | None,
    told: str,
    **outcome: Any,  # noqa: ANN401 - fields of Outcome
) -> Row:
    """Return a row of the table."""
    return Row(claim, status, link, verdict, code, told, outcome)


NETWORK = [
    (CallStatus.UNRESOLVED, "the name did not resolve"),
    (CallStatus.TIMEOUT, "no answer in phase request"),
    (CallStatus.REFUSED, "connection refused"),
    (CallStatus.UNREACHABLE, "unreachable"),
    (CallStatus.RESET, "reset in phase request"),
    (CallStatus.TLS, "no TLS"),
    (CallStatus.UNEXPECTED, "somebody else answered than AWS"),
]
LINKS = [
    (PULL, Link.AUTH, Code.ECR_AUTH),
    (PULL, Link.MANIFEST, Code.ECR_MANIFEST),
    (PULL, Link.LAYER, Code.ECR_LAYER),
    (AWSLOGS, Link.STREAM, Code.LOGS_UNREACHABLE),
    (AWSLOGS, Link.EVENT, Code.LOGS_UNREACHABLE),
    (FETCH, Link.SECRET, Code.SECRET_UNREACHABLE),
]
CALLED = {
    Link.AUTH: "ecr:GetAuthorizationToken",
    Link.MANIFEST: "ecr:BatchGetImage",
    Link.LAYER: "ecr:GetDownloadUrlForLayer",
    Link.STREAM: "logs:CreateLogStream",
    Link.EVENT: "logs:PutLogEvents",
    Link.SECRET: "secretsmanager:GetSecretValue",
}
DENIED_CODES = {
    Link.AUTH: Code.ECR_AUTH,
    Link.MANIFEST: Code.ECR_MANIFEST,
    Link.LAYER: Code.ECR_LAYER,
    Link.STREAM: Code.LOGS_DENIED,
    Link.EVENT: Code.LOGS_DENIED,
    Link.SECRET: Code.SECRET_DENIED,
}
ROWS = [
    *(
        row(claim, status, link, FAILED, code, f"{link}: {told}")
        for claim, link, code in LINKS
        for status, told in NETWORK
    ),
    *(
        row(
            claim,
            CallStatus.DENIED,
            link,
            FAILED,
            Code.ENDPOINT_POLICY_DENIES,
            f"{link}: {CALLED[link]} was refused by the VPC endpoint policy",
            denied_by=Denier.ENDPOINT_POLICY,
            action=CALLED[link],
        )
        for claim, link, _ in LINKS
    ),
    *(
        row(
            claim,
            CallStatus.DENIED,
            link,
            FAILED,
            DENIED_CODES[link],
            f"{link}: {CALLED[link]} was refused by {whose}",
            denied_by=denier,
            action=CALLED[link],
        )
        for claim, link, _ in LINKS
        for denier, whose in (
            (Denier.RESOURCE, "a resource-based policy"),
            (Denier.ORGANIZATION, "a policy of the organization"),
            (Denier.KMS, "KMS"),
        )
    ),
    *(
        row(
            claim,
            CallStatus.DENIED,
            link,
            SKIPPED,
            None,
            f"{link}: {CALLED[link]} was refused by {whose}",
            denied_by=denier,
            action=CALLED[link],
        )
        for claim, link, _ in LINKS
        for denier, whose in (
            (Denier.IDENTITY, "the policies of these credentials"),
            (Denier.UNSAID, "a policy that AWS does not name"),
            (None, "a policy that AWS does not name"),
        )
    ),
    row(PULL, CallStatus.MISSING, Link.MANIFEST, FAILED, Code.ECR_MANIFEST,
        "manifest: it is not there"),
    row(AWSLOGS, CallStatus.MISSING, Link.STREAM, FAILED, Code.LOGS_GROUP_MISSING,
        "stream: it is not there"),
    row(FETCH, CallStatus.MISSING, Link.SECRET, FAILED, Code.SECRET_MISSING,
        "secret: it is not there"),
    row(PULL, CallStatus.DIGEST, Link.LAYER, FAILED, Code.ECR_DIGEST,
        "layer: other bytes arrived than the digest says"),
    row(AWSLOGS, CallStatus.NOT_DELIVERED, Link.READ_BACK, FAILED, Code.LOGS_NOT_DELIVERED,
        "read back: what was accepted was never shown"),
    row(PULL, CallStatus.TOO_LARGE, Link.LAYER, SKIPPED, None,
        "layer: too large to be fetched whole"),
    *(
        row(claim, status, link, ERROR, None, f"{link}: {told}")
        for claim, link, _ in LINKS
        for status, told in (
            (CallStatus.THROTTLED, "AWS throttled the call, retries included"),
            (CallStatus.UNAVAILABLE, "the service failed, retries included"),
            (CallStatus.EXPIRED, "the credentials are not, or no longer, valid"),
            (CallStatus.FAILED, "it could not be tried"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_the_link_that_ended_a_chain_gives_verdict_code_and_words(case: Row) -> None:
    """What is no answer fails, what only these credentials may not do says nothing of tasks."""
    outcome = {"error": "SomeError", "detail": "said AWS", **case.outcome}
    check = proven(case.claim, ended(case.claim, case.status, case.link, **outcome))
    observed = f"{SUBJECTS[case.claim]}: {case.told} (SomeError): said AWS"
    untested = case.status is CallStatus.DENIED and case.verdict is SKIPPED
    proof = "path proven, permission not tested: " if untested else ""
    assert (check.verdict, check.code) == (case.verdict, case.code)
    assert check.observed == observed
    judged = case.verdict is FAILED
    assert check.reason == (None if judged else f"{proof}{observed}")


def test_a_refusal_of_s3_is_the_layers() -> None:
    """AWS signs layer URLs: that S3 refuses one is no matter of the runner's rights."""
    refused = Hop(link=Link.LAYER, host=LAYERS, address=S3_ADDRESS, status=403)
    check = proven(
        PULL, ended(PULL, CallStatus.DENIED, Link.LAYER, error="AccessDenied", hops=(refused,))
    )
    assert (check.verdict, check.code) == (FAILED, Code.ECR_LAYER)
    assert check.observed == (
        f"{IMAGE}: layer: s3:GetObject was refused by a policy that AWS does not name "
        "(AccessDenied)"
    )


def test_a_refusal_of_the_registry_on_the_way_to_a_layer_is_the_runners() -> None:
    """Where the registry itself refused, these credentials may be what lacks the right."""
    check = proven(PULL, ended(PULL, CallStatus.DENIED, Link.LAYER, hops=(REDIRECT,)))
    assert (check.verdict, check.code) == (SKIPPED, None)


@pytest.mark.parametrize("claim", [PULL, AWSLOGS, FETCH])
def test_a_chain_that_works_on_private_paths_passes(claim: Claim) -> None:
    """Every link did what it was to do, and every path of it is proven."""
    check = proven(claim)
    assert (check.verdict, check.code, check.reason) == (Verdict.PASSED, None, None)


@pytest.mark.parametrize(
    ("claim", "public", "service"),
    [
        (PULL, "api.ecr.us-east-1.amazonaws.com", "ecr.api"),
        (AWSLOGS, LOGS, "logs"),
        (FETCH, "secretsmanager.us-east-1.amazonaws.com", "secretsmanager"),
    ],
)
def test_a_chain_is_no_better_than_the_paths_that_it_took(
    claim: Claim, public: str, service: str
) -> None:
    """What works over a public path is a warning, as the path's own cells are."""
    others = tuple(each for each in world().endpoints if each.id != f"vpce-{service}")
    terms = chain_terms(world(S3_ROUTE, NAT, endpoints=others), egress=Egress.NAT)
    check = proven(claim, Scripted(dns={public: ("198.51.100.7",)}), terms)
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)
    assert check.observed.startswith(
        f"it works, but private-dns of {service} warned: {public} is 198.51.100.7: public; "
        f"it works, but tcp-443 of {service} warned: "
    )


def test_a_chain_fails_where_a_path_of_it_fails_for_others() -> None:
    """One of the endpoint's addresses is dead: who happens to take another one is no proof."""
    both = {LOGS: (ADDRESSES["logs"], ADDRESSES["ssm"])}
    vantage = Scripted(dns=both, connects={ADDRESSES["ssm"]: ConnectStatus.TIMEOUT})
    check = proven(AWSLOGS, vantage)
    assert check.verdict is FAILED
    assert check.code is not None
    assert "it works, but tcp-443 of logs failed" in check.observed


def test_silence_that_only_the_runners_groups_explain_is_no_failure() -> None:
    """``tcp-443`` knows whose packets were dropped; the chain goes by it."""
    vantage = ended(AWSLOGS, CallStatus.TIMEOUT, Link.STREAM, phase="connect")
    vantage.connects[ADDRESSES["logs"]] = ConnectStatus.TIMEOUT
    groups = (
        group("sg-endpoints", https(group="sg-tasks")),
        group("sg-tasks"),
        group("sg-runner"),
    )
    stand = Stand(label="local", groups=("sg-runner",))
    check = proven(AWSLOGS, vantage, chain_terms(world(security_groups=groups)), stand=stand)
    assert (check.verdict, check.code) == (ERROR, Code.VANTAGE_GROUP_DIFFERS)
    assert check.reason is not None
    assert check.reason.startswith("the vantage wears sg-runner")


def test_a_service_that_is_not_under_test_is_not_asked_for_its_path() -> None:
    """``--ecs-need`` may leave out parts of a chain: only what is under test is judged."""
    vantage = Scripted(dns={"api.ecr.us-east-1.amazonaws.com": ()})
    assert proven(PULL, vantage, chain_terms(services=("ecr.dkr",))).verdict is Verdict.PASSED
