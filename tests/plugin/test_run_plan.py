"""From settings and a snapshot to what a run is about."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_vpc import EVERY_SERVICE, GATEWAY, REGION, SERVICES, endpoint, planned, vpc

from pytest_ecs_privatelink import records
from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, SecurityGroup
from pytest_ecs_privatelink.verdict import Code, LaunchType


def needs(plan: Plan) -> dict[str, Need]:
    """Return the need of each endpoint service under test."""
    return {each.service: each.need for each in plan.terms.services}


def test_fargate_alone_is_assumed_without_an_ecs_endpoint() -> None:
    """Nobody makes the three ecs endpoints for Fargate, so without one EC2 is not proven for."""
    plan = planned(vpc(*SERVICES))
    assert plan.launch_types == (LaunchType.FARGATE,)
    assert not {"ecs", "ecs-agent", "ecs-telemetry"} & set(needs(plan))


@pytest.mark.parametrize("one", ["ecs", "ecs-agent", "ecs-telemetry"])
def test_any_of_the_three_is_evidence_of_container_instances(one: str) -> None:
    """One of them is enough: then all three are assumed, and the missing two are findings."""
    plan = planned(vpc(*SERVICES, one))
    assert plan.launch_types == (LaunchType.FARGATE, LaunchType.EC2)
    missing = {each.subject for each in plan.findings if each.code is Code.ENDPOINT_MISSING}
    assert missing == {"ecs", "ecs-agent", "ecs-telemetry"} - {one}


def test_launch_types_are_the_users_where_named() -> None:
    """What is said beats what is guessed."""
    plan = planned(vpc(*EVERY_SERVICE), launch_types=(LaunchType.FARGATE,))
    assert plan.launch_types == (LaunchType.FARGATE,)


def test_what_exists_is_tested_without_being_required() -> None:
    """Private DNS makes an existing endpoint the only path, whether or not anything needs it."""
    plan = planned(vpc(*SERVICES, "kms"))
    assert needs(plan)["logs"] is Need.ASSUMED
    assert needs(plan)["kms"] is Need.POSSIBLE
    assert plan.needs("logs")
    assert not plan.needs("kms")


def test_named_needs_replace_what_is_derived() -> None:
    """``--ecs-need`` names all that is required; an endpoint that exists is tested all the same."""
    plan = planned(vpc(*SERVICES, "kms"), need=("logs", "sts"))
    required = {service for service, need in needs(plan).items() if need is Need.REQUIRED}
    assert required == {"logs", "sts"}
    assert needs(plan)["kms"] is needs(plan)["ecr.api"] is Need.POSSIBLE
    assert {each.subject for each in plan.findings} == {"sts"}


def test_an_unknown_need_is_refused() -> None:
    """The error names the option."""
    with pytest.raises(SettingsError, match=r"^--ecs-need: unknown endpoint service 'sqs'"):
        planned(vpc(*SERVICES), need=("sqs",))


def test_the_gateway_is_the_endpoint_of_s3() -> None:
    """Image layers take the gateway, whatever interface endpoint stands beside it (R5)."""
    beside = endpoint("s3", id="vpce-0", type=EndpointType.INTERFACE)
    snapshot = vpc(*SERVICES)
    plan = planned(replace(snapshot, endpoints=(beside, *snapshot.endpoints)))
    assert plan.terms.service("s3").endpoint == GATEWAY.id


def test_a_registry_name_carries_the_vpc_owners_account() -> None:
    """The bare dkr.ecr name is nothing that a pull uses."""
    plan = planned(vpc(*SERVICES))
    assert plan.terms.service("ecr.dkr").names == (f"111111111111.dkr.ecr.{REGION}.amazonaws.com",)


def test_the_resolver_is_the_primary_ranges_third_address() -> None:
    """Base plus two of the first CIDR, never of a secondary one."""
    assert planned(vpc(*SERVICES)).terms.resolvers == ("10.0.0.2",)


def test_a_mistyped_group_is_refused_at_once() -> None:
    """A group that the VPC does not have would make every cell red: it is one line instead."""
    own = SecurityGroup(id="sg-1", vpc=vpc().vpc.id, name="tasks", ingress=(), egress=())
    read = replace(vpc(), security_groups=(own, replace(own, id="sg-peer", vpc="vpc-peer")))
    with pytest.raises(SettingsError) as refused:
        planned(read, security_groups=("sg-2",))
    assert str(refused.value) == (
        f"--ecs-security-group sg-2: {read.vpc.id} has none of that id; it has sg-1 (tasks)"
    )
    assert planned(read, security_groups=("sg-1",)).terms.wearers[LaunchType.FARGATE] == ("sg-1",)
    unread = replace(read, security_groups=None)
    assert planned(unread, security_groups=("sg-2",)).terms.wearers[LaunchType.FARGATE] == ("sg-2",)


def test_unknown_groups_are_unknown_not_none() -> None:
    """Without the option nobody claims that tasks wear no group."""
    assert planned(vpc(*SERVICES)).terms.wearers == dict.fromkeys(LaunchType)
    named = planned(vpc(*SERVICES), security_groups=("sg-1",))
    assert named.terms.wearers[LaunchType.FARGATE] == ("sg-1",)


@given(
    st.sets(st.sampled_from([*EVERY_SERVICE, "kms", "ssm"])),
    st.sets(st.sampled_from(["logs", "kms", "sts"])),
    st.booleans(),
)
def test_workers_plan_as_the_controller_does(
    services: set[str], need: set[str], private: bool
) -> None:
    """What travels to a worker as JSON leads to an equal plan there."""
    plan = planned(vpc(*sorted(services)), need=tuple(sorted(need)), require_private=private)
    settings = records.from_json(Settings, records.to_json(plan.settings))
    snapshot = snapshots.from_text(snapshots.to_text(plan.snapshot), "the controller's")
    said = {name: getattr(settings, name) for name in ("need", "require_private")}
    assert planned(snapshot, **said) == plan


@pytest.mark.parametrize(
    ("endpoints", "chosen"),
    [
        ((endpoint("logs", id="vpce-b"), endpoint("logs", id="vpce-a")), "vpce-a"),
        (
            (endpoint("logs", id="vpce-a", private_dns=False), endpoint("logs", id="vpce-b")),
            "vpce-b",
        ),
        ((endpoint("logs", id="vpce-a", state="pending"), endpoint("logs", id="vpce-b")), "vpce-b"),
        ((endpoint("logs", id="vpce-a", state="failed"),), None),
    ],
)
def test_of_several_endpoints_the_one_that_serves_is_reported(
    endpoints: tuple[Endpoint, ...], chosen: str | None
) -> None:
    """Private DNS and availability before the id; what is beyond repair is none."""
    plan = planned(vpc(endpoints=endpoints), need=("logs",))

    assert plan.terms.service("logs").endpoint == chosen


def test_of_s3s_endpoints_the_gateway_is_reported() -> None:
    """Image layers take the gateway, whatever interface endpoint is there for others (R5)."""
    other = endpoint("s3", id="vpce-a")

    plan = planned(vpc(endpoints=(other, GATEWAY)))

    assert plan.terms.service("s3").endpoint == GATEWAY.id
