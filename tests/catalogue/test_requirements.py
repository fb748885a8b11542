"""Which endpoint services are needed, how surely, by which launch types, and why."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.catalogue import requirements as catalogue
from pytest_ecs_privatelink.catalogue.requirements import (
    Features,
    Need,
    Requirement,
    derive_requirements,
)
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.verdict import LaunchType

FARGATE, EC2 = (LaunchType.FARGATE,), (LaunchType.EC2,)
BOTH = (*FARGATE, *EC2)
OLD, NEW = "us-east-1", "ca-west-1"
LAUNCH_TYPES = st.sampled_from([FARGATE, EC2, BOTH, BOTH[::-1]])
SEEN = st.sampled_from([(), FARGATE, EC2, BOTH])
FEATURES = st.builds(
    Features,
    **dict.fromkeys(
        (
            "private_image",
            "awslogs",
            "secrets",
            "ssm_parameters",
            "env_files",
            "ecs_exec",
            "ecs_exec_kms",
            "service_connect",
        ),
        SEEN,
    ),
)
EXISTING = st.frozensets(st.sampled_from([*SERVICES, "lambda"]), max_size=6)


def derived(
    launch_types: tuple[LaunchType, ...] = BOTH,
    region: str = OLD,
    features: Features | None = None,
    existing: frozenset[str] = frozenset(),
) -> dict[str, Requirement]:
    """Return the derived requirements by service."""
    requirements = derive_requirements(
        region=region,
        launch_types=launch_types,
        features=features or Features(),
        existing=existing,
    )
    return {each.service: each for each in requirements}


def of_need(need: Need, requirements: dict[str, Requirement]) -> list[str]:
    """Return the services that are needed so surely."""
    return [service for service, each in requirements.items() if each.need is need]


def test_fargate_without_evidence() -> None:
    """Four are assumed for Fargate, four more possible, and nothing required (R4, R5, R8)."""
    found = derived(FARGATE)
    assert of_need(Need.ASSUMED, found) == ["ecr.api", "ecr.dkr", "logs", "s3"]
    assert of_need(Need.POSSIBLE, found) == ["kms", "secretsmanager", "ssm", "ssmmessages"]
    assert of_need(Need.REQUIRED, found) == []


def test_ec2_needs_the_three_besides() -> None:
    """Container agents need ecs, ecs-agent and ecs-telemetry in every Region (R17)."""
    found = derived(EC2)
    three = ["ecs", "ecs-agent", "ecs-telemetry"]
    assert of_need(Need.ASSUMED, found) == ["ecr.api", "ecr.dkr", *three, "logs", "s3"]
    assert {found[service].rule for service in three} == {"R17"}


def test_the_three_stand_for_ec2_only() -> None:
    """With both launch types, Fargate has no part in the agents' endpoints (R4)."""
    found = derived(BOTH)
    assert found["ecs"].launch_types == EC2
    assert found["logs"].launch_types == BOTH


def test_in_a_new_region_fargate_may_need_the_three() -> None:
    """AWS's page is of two minds (R1, R4), so absence warns and the reason says so."""
    found = derived(FARGATE, NEW)
    for service in ("ecs", "ecs-agent", "ecs-telemetry"):
        assert (found[service].need, found[service].rule) == (Need.POSSIBLE, "R1, R4")
        assert found[service].absence_warns
        assert found[service].because == (
            "Regions introduced since 2023-12-23 need it (R1), yet Fargate tasks do not (R4):"
            " AWS does not say which holds for Fargate in such a Region"
        )
    assert "ecs" not in derived(FARGATE, OLD)


@pytest.mark.parametrize(
    ("features", "service", "rule"),
    [
        (Features(private_image=FARGATE), "ecr.api", "R5"),
        (Features(private_image=FARGATE), "ecr.dkr", "R5"),
        (Features(private_image=FARGATE), "s3", "R5"),
        (Features(env_files=FARGATE), "s3", "-"),
        (Features(awslogs=FARGATE), "logs", "R8"),
        (Features(secrets=FARGATE), "secretsmanager", "R7"),
        (Features(ssm_parameters=FARGATE), "ssm", "-"),
        (Features(ecs_exec=FARGATE), "ssmmessages", "-"),
        (Features(ecs_exec_kms=FARGATE), "kms", "-"),
        (Features(service_connect=FARGATE), "ecs-agent", "R12"),
    ],
)
def test_evidence_makes_required(features: Features, service: str, rule: str) -> None:
    """What a task definition uses is required, with the rule that says so."""
    found = derived(FARGATE, features=features)[service]
    assert (found.need, found.rule, found.launch_types) == (Need.REQUIRED, rule, FARGATE)


def test_evidence_of_another_launch_type_is_none() -> None:
    """A secret of an EC2 task does not make Fargate tasks need Secrets Manager."""
    features = Features(secrets=EC2)
    assert derived(FARGATE, features=features)["secretsmanager"].need is Need.POSSIBLE
    found = derived(BOTH, features=features)["secretsmanager"]
    assert (found.need, found.launch_types, found.rule) == (Need.REQUIRED, EC2, "R14")


def test_rules_follow_the_launch_types() -> None:
    """The same need has one rule for Fargate and another for EC2."""
    assert derived(FARGATE)["logs"].rule == "R8"
    assert derived(EC2)["logs"].rule == "R15"
    assert derived(BOTH)["logs"].rule == "R8, R15"


def test_absence_of_a_merely_possible_service_is_mostly_a_note() -> None:
    """Only secretsmanager is missed without evidence; ssm and the rest are not."""
    found = derived()
    warning = [name for name in of_need(Need.POSSIBLE, found) if found[name].absence_warns]
    assert warning == ["secretsmanager"]


def test_an_existing_endpoint_is_possible_and_tested() -> None:
    """Private DNS makes an endpoint the only path, so one that exists is always tested."""
    existing = frozenset({"xray", "ssm", "lambda"})
    found = derived(existing=existing)
    assert (found["xray"].need, found["xray"].launch_types) == (Need.POSSIBLE, BOTH)
    assert found["xray"].because == "an endpoint exists: private DNS makes it the only path"
    assert "lambda" not in found
    cells = [each.service for each in catalogue.tested(found.values(), existing)]
    assert {"xray", "ssm", "logs"} <= set(cells)
    assert not {"kms", "ssmmessages", "secretsmanager"} & set(cells)


def test_only_replaces_what_is_derived() -> None:
    """--ecs-need is the whole list of what is required; what exists is possible all the same."""
    found = derive_requirements(
        region=NEW,
        launch_types=FARGATE,
        features=Features(secrets=FARGATE),
        existing=frozenset({"xray"}),
        only=("s3", "kms", "s3"),
    )
    assert [(each.service, each.need, each.because) for each in found] == [
        ("kms", Need.REQUIRED, "--ecs-need names it"),
        ("s3", Need.REQUIRED, "--ecs-need names it"),
        ("xray", Need.POSSIBLE, "an endpoint exists: private DNS makes it the only path"),
    ]


def test_an_unknown_service_is_refused_with_the_likely_ones_first() -> None:
    """A typing error is answered by what was meant, then by everything legal."""
    with pytest.raises(ValueError, match="unknown") as caught:
        derive_requirements(region=OLD, launch_types=FARGATE, only=("s3", "ecr-api"))
    message = str(caught.value)
    assert message.startswith("unknown endpoint service 'ecr-api'; legal are: ecr.api, ")
    legal = message.partition("legal are: ")[2].split(", ")
    assert sorted(legal) == sorted(SERVICES)


@given(
    launch_types=LAUNCH_TYPES,
    region=st.sampled_from([OLD, NEW]),
    features=FEATURES,
    existing=EXISTING,
)
def test_whatever_the_evidence_requirements_are_well_formed(
    launch_types: tuple[LaunchType, ...],
    region: str,
    features: Features,
    existing: frozenset[str],
) -> None:
    """Sorted, one per service, for asked launch types only, each with a reason and a rule."""
    found = derive_requirements(
        region=region, launch_types=launch_types, features=features, existing=existing
    )
    services = [each.service for each in found]
    assert services == sorted(set(services))
    assert set(services) <= set(SERVICES)
    assert existing & set(SERVICES) <= set(services)
    for each in found:
        assert each.launch_types
        assert set(each.launch_types) <= set(launch_types)
        assert re.fullmatch(r"-|R\d+(, R\d+)*", each.rule)
        assert each.because


@given(launch_types=LAUNCH_TYPES, features=FEATURES)
def test_evidence_never_makes_less_needed(
    launch_types: tuple[LaunchType, ...], features: Features
) -> None:
    """Evidence adds: no service is needed less surely, or by fewer, than without it."""
    order = list(Need)
    bare, told = derived(launch_types), derived(launch_types, features=features)
    for service, each in bare.items():
        assert order.index(told[service].need) <= order.index(each.need)
        if each.need is not Need.POSSIBLE:
            assert set(each.launch_types) <= set(told[service].launch_types)
