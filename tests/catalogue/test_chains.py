"""The start-up chains, and the endpoint service at which each code says that one ended."""

import pytest

from pytest_ecs_privatelink.catalogue.chains import CHAIN_OF, CHAINS, link_of
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.verdict import CALLING_CLAIMS, Claim, Code


def test_every_chain_claim_stands_somewhere_that_it_goes_through() -> None:
    """A chain is told at one of its own services, all of them AWS's."""
    assert {claim for claim, _ in CHAINS} == set(CALLING_CLAIMS)
    for (_, stand), services in CHAINS.items():
        assert stand in services
        assert set(services) <= SERVICES.keys()


def test_a_service_belongs_to_one_chain() -> None:
    """So a blocked path blocks one chain."""
    assert sum(map(len, CHAINS.values())) == len(CHAIN_OF)


@pytest.mark.parametrize(
    ("claim", "stand", "code", "link"),
    [
        (Claim.ECR_PULL, "ecr.dkr", Code.ECR_AUTH, "ecr.api"),
        (Claim.ECR_PULL, "ecr.dkr", Code.ECR_MANIFEST, "ecr.dkr"),
        (Claim.ECR_PULL, "ecr.dkr", Code.ECR_LAYER, "s3"),
        (Claim.ECR_PULL, "ecr.dkr", Code.ECR_LAYER_PATH, "s3"),
        (Claim.ECR_PULL, "ecr.dkr", Code.ECR_DIGEST, "ecr.dkr"),
        (Claim.ECR_PULL, "ecr.dkr", None, "ecr.dkr"),
        (Claim.AWSLOGS, "logs", Code.LOGS_UNREACHABLE, "logs"),
        (Claim.SECRET, "ssm", Code.SECRET_MISSING, "ssm"),
        (Claim.TCP_443, "ecs", Code.ECR_AUTH, "ecs"),
    ],
)
def test_codes_name_the_link(claim: Claim, stand: str, code: Code | None, link: str) -> None:
    """What names no link of the chain leaves it where it stands."""
    assert link_of(claim, stand, code) == link
