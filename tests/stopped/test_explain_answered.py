"""What was reached all the same: refusals, things that are not there, and what had no place."""

import pytest
from stop_told import after

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.breaks import BREAKS
from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.stopped.row import Kind
from pytest_ecs_privatelink.stopped.rows import ROWS
from pytest_ecs_privatelink.verdict import Code


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
    ("text", "phase", "code", "row"),
    [
        (
            "unable to retrieve secret from asm: service call has been retried 1 time(s): "
            "retrieved secret from Secrets Manager did not contain json key token",
            Phase.SECRETS,
            Code.SECRET_MISSING,
            "secret-key-missing",
        ),
        ("invalid parameters: db", Phase.SECRETS, Code.SECRET_MISSING, "parameter-missing"),
        (
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: failed "
            'commit on ref "layer-sha256:ab": unexpected commit digest sha256:cd, expected '
            "sha256:ab: failed precondition",
            Phase.PULL,
            Code.ECR_DIGEST,
            "digest",
        ),
        (
            "unable to download env file with key k from bucket b, error: NoSuchKey: no such key",
            Phase.ENV_FILES,
            None,
            "env-file-missing",
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
            "resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/a:1: "
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/a:1: not found",
            Phase.PULL,
            Code.ECR_MANIFEST,
            "image-missing",
        ),
        (
            "CannotPullContainerError: image Manifest does not contain descriptor matching "
            "platform 'linux/arm64'",
            Phase.PULL,
            Code.ECR_MANIFEST,
            "platform",
        ),
        (
            "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/x' that was given",
            Phase.PLACEMENT,
            None,
            "role-not-assumed",
        ),
        ("RESOURCE:ENI", Phase.PLACEMENT, None, "no-capacity"),
        (
            "Capacity is unavailable at this time. Please try again later",
            Phase.PLACEMENT,
            None,
            "no-capacity",
        ),
        (
            "Timeout waiting for network interface provisioning to complete.",
            Phase.INTERFACE,
            None,
            "interface-slow",
        ),
        (
            "Unexpected EC2 error while attempting to create network interface in subnet "
            "'subnet-1': RequestLimitExceeded",
            Phase.INTERFACE,
            None,
            "interface-throttled",
        ),
        (
            'CannotStartContainerError: Error response from daemon: exec: "python3": executable '
            "file not found in $PATH: unknown",
            Phase.START,
            None,
            "command-missing",
        ),
        ("exec /usr/bin/app: exec format error", Phase.START, None, "architecture"),
        ("Your Spot Task was interrupted.", Phase.RUN, None, "host-gone"),
        (
            "Scaling activity initiated by (deployment ecs-svc/1)",
            Phase.RUN,
            None,
            "stopped-on-purpose",
        ),
        ("Task failed ELB health checks in (target-group x)", Phase.RUN, None, "unhealthy"),
    ],
)
def test_what_is_not_the_network_is_said_to_be_so(
    text: str, phase: Phase, code: Code | None, row: str
) -> None:
    """What was reached, and did not help, and what had no place, is nobody's path."""
    found = explain_text(text)

    assert (found.row, found.phase, found.code) == (row, phase, code)
    assert (found.known, found.network) == (True, False)


def test_every_row_has_its_source_and_its_own_id() -> None:
    """Rows are facts: each says where its words were met, and what to do or look at."""
    ids = [row.id for row in ROWS] + [each.id for each in BREAKS]

    assert len(set(ids)) == len(ids)
    assert all(row.source and row.says for row in ROWS)
    assert all(row.advice for row in ROWS if row.kind is not Kind.STEP)
    assert all(each.source and each.advice for each in BREAKS)
