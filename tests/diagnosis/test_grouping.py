"""One break is one cause, whatever it breaks."""

import pytest
import red_worlds as world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import Ground
from pytest_ecs_privatelink.verdict import Cell, Code, Verdict

GROUND = world.ground()
SHARED = world.ground(groups=lambda _: "sg-shared")


def subjects(red: tuple[Cell, ...], code: Code, ground: Ground = GROUND) -> list[str]:
    """Return the subjects of the causes of a run in which only ``red`` fails with ``code``."""
    return [cause.subject for cause in rank_causes(world.run_with(red, code), (), ground)]


@pytest.mark.parametrize(
    ("red", "code", "ground", "expected"),
    [
        pytest.param(
            world.cells([world.TCP], services=["logs"]),
            Code.TCP_TIMEOUT,
            SHARED,
            ["vpce-logs"],
            id="one-endpoint-everywhere-is-the-endpoint",
        ),
        pytest.param(
            world.cells([world.TCP], subnets=["subnet-b"]),
            Code.TCP_TIMEOUT,
            SHARED,
            ["subnet-b"],
            id="everything-in-one-subnet-is-the-subnet",
        ),
        pytest.param(
            world.cells([world.TCP], services=["ecr.api", "ecr.dkr", "logs"]),
            Code.TCP_TIMEOUT,
            SHARED,
            ["sg-shared"],
            id="all-endpoints-of-one-group-are-the-group",
        ),
        pytest.param(
            world.cells([world.TCP]),
            Code.TCP_TIMEOUT,
            SHARED,
            ["acl-1"],
            id="everything-behind-one-acl-is-the-acl",
        ),
        pytest.param(
            world.cells([world.DNS]),
            Code.DNS_TIMEOUT,
            GROUND,
            ["10.0.0.2"],
            id="no-answer-anywhere-is-the-resolver",
        ),
        pytest.param(
            world.cells([world.DNS], services=["ecr.api", "ecr.dkr", "logs"]),
            Code.DNS_PUBLIC_ANSWER,
            GROUND,
            ["vpc-1"],
            id="public-answers-for-all-interfaces-are-the-vpc",
        ),
        pytest.param(
            world.cells([world.DNS], subnets=["subnet-a"]),
            Code.DNS_TIMEOUT,
            GROUND,
            ["subnet-a"],
            id="no-answer-in-one-subnet-is-the-subnet",
        ),
        pytest.param(
            (
                *world.cells([world.TCP], subnets=["subnet-a"]),
                *world.cells([world.TCP], ["subnet-b", "subnet-c"], ["logs"]),
            ),
            Code.TCP_TIMEOUT,
            GROUND,
            ["subnet-a", "vpce-logs"],
            id="a-dead-subnet-and-a-dead-endpoint-are-two",
        ),
        pytest.param(
            world.cells([world.DNS], services=["s3"]),
            Code.S3_GATEWAY_NO_ROUTE,
            GROUND,
            ["rtb-1"],
            id="subnets-of-one-table-are-the-table",
        ),
        pytest.param(
            world.cells([world.TCP], ["subnet-a"], ["logs"]),
            Code.TLS_CERTIFICATE,
            GROUND,
            ["vpce-logs"],
            id="a-single-cell-is-the-endpoint",
        ),
    ],
)
def test_the_subject_is_what_the_red_cells_share(
    red: tuple[Cell, ...], code: Code, ground: Ground, expected: list[str]
) -> None:
    """The narrowest thing that all red cells have in common is blamed, and only that."""
    assert subjects(red, code, ground) == expected


def test_a_group_is_not_blamed_where_one_of_its_endpoints_answers() -> None:
    """Wider subjects than endpoints and subnets need every check on their side."""
    red = world.cells([world.TCP], services=["ecr.api", "ecr.dkr"])
    assert subjects(red, Code.TCP_TIMEOUT, SHARED) == ["vpce-ecr.api", "vpce-ecr.dkr"]


def test_codes_are_not_mixed() -> None:
    """A refused port and a silent one are two breaks, even of one endpoint."""
    silent, *refused = world.cells([world.TCP], services=["logs"])
    checks = [
        world.check(each, Verdict.FAILED, Code.TCP_REFUSED)
        if each in refused
        else world.check(each, Verdict.FAILED, Code.TCP_TIMEOUT)
        for each in (silent, *refused)
    ]
    causes = rank_causes(tuple(checks), (), GROUND)
    assert [(each.code, each.subject) for each in causes] == [
        (Code.TCP_REFUSED, "vpce-logs"),
        (Code.TCP_TIMEOUT, "subnet-a"),
    ]


@given(st.sets(st.sampled_from(world.cells([world.TCP])), min_size=1))
def test_never_more_causes_than_by_endpoint_or_by_subnet(red: set[Cell]) -> None:
    """Grouping is at least as good as either plain way of grouping."""
    found = subjects(tuple(red), Code.TCP_TIMEOUT)
    services = {each.service for each in red}
    subnets = {each.subnet for each in red}
    assert 1 <= len(found) <= min(len(services), len(subnets))
