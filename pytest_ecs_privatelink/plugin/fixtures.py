"""The fixtures. Switched off, each skips its test with ``needs --ecs-vpc``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import boto3

    from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Stand
    from pytest_ecs_privatelink.plugin.breaking import LabHandle
    from pytest_ecs_privatelink.plugin.probing import Probe
    from pytest_ecs_privatelink.plugin.share import Part
    from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
    from pytest_ecs_privatelink.verdict import Check, LaunchType

TOLD = pytest.StashKey[str]()
"""The paragraph that a failing test's report shows instead of a traceback."""


def _part(request: pytest.FixtureRequest) -> Part:
    if not request.config.pluginmanager.hasplugin("ecs-privatelink-role"):
        pytest.skip("needs --ecs-vpc")
    from pytest_ecs_privatelink.plugin.share import PART

    return request.config.stash[PART]


@pytest.fixture(scope="session")
def ecs_vpc(request: pytest.FixtureRequest) -> Snapshot:
    """The snapshot of the VPC under test."""
    return _part(request).plan.snapshot


@pytest.fixture(scope="session")
def ecs_subnet(request: pytest.FixtureRequest) -> Subnet:
    """Each subnet under test: a test that requests it runs once for every one of them."""
    subnets = _part(request).plan.terms.subnets
    return next(each for each in subnets if each.id == request.param)


@pytest.fixture(scope="session")
def ecs_endpoint(request: pytest.FixtureRequest) -> ServiceUnderTest:
    """Each endpoint service under test: a test that requests it runs once for every one."""
    return _part(request).plan.terms.service(request.param)


@pytest.fixture(scope="session")
def ecs_launch_type(request: pytest.FixtureRequest) -> LaunchType:
    """Each launch type of which one-off tasks are started, in each subnet where they are."""
    from pytest_ecs_privatelink.verdict import LaunchType

    _part(request)
    return LaunchType(request.param)


@pytest.fixture(scope="session")
def ecs_vantage(request: pytest.FixtureRequest, ecs_subnet: Subnet) -> Stand:
    """Where the test's subnet is probed from, or a skip with the reason."""
    from pytest_ecs_privatelink.errors import VantageError

    part = _part(request)
    if part.link is None:
        pytest.skip("nothing is probed in this run")
    try:
        return part.link.stand(ecs_subnet.id)
    except VantageError as error:
        pytest.skip(str(error))


@pytest.fixture
def ecs_probe(
    request: pytest.FixtureRequest,
    ecs_subnet: Subnet,
    ecs_vantage: Stand,
    ecs_ca_bundle: str | None,
) -> Probe:
    """Probes from the test's subnet: ``dns(name)``, ``tcp(host, port)``, ``tls(host)``."""
    from pytest_ecs_privatelink.plugin.probing import Probe

    part = _part(request)
    assert part.link is not None, ecs_vantage
    return Probe(part.link, ecs_subnet.id, part.plan.settings.timeout, ecs_ca_bundle)


@pytest.fixture(scope="session")
def ecs_resolver_addresses(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The resolvers to ask besides the host's own resolution; override to ask others."""
    return _part(request).plan.terms.resolvers


@pytest.fixture(scope="session")
def ecs_ca_bundle(request: pytest.FixtureRequest) -> str | None:
    """The PEM bundle that certificates are verified with; override to trust another."""
    return _part(request).plan.terms.ca_file


@pytest.fixture(scope="session")
def ecs_boto3_session(request: pytest.FixtureRequest) -> boto3.Session:
    """A boto3 session for the AWS under test; override to use another."""
    from pytest_ecs_privatelink.plugin.clouds import open_cloud

    return open_cloud(_part(request).cloud)


@pytest.fixture
def ecs_check(
    request: pytest.FixtureRequest,
    ecs_subnet: Subnet,  # noqa: ARG001 - requested so that the test is parametrised
    ecs_endpoint: ServiceUnderTest,  # noqa: ARG001 - likewise
    ecs_resolver_addresses: tuple[str, ...],
    ecs_ca_bundle: str | None,
) -> Check:
    """The check of the test's claim (its ``ecs_claim`` marker), subnet and endpoint service."""
    from pytest_ecs_privatelink.plugin.checking import check_cell, seams_of

    part = _part(request)
    seams = seams_of(part, tuple(ecs_resolver_addresses), ecs_ca_bundle)
    return check_cell(request.node, part, seams)


@pytest.fixture
def ecs_task(
    request: pytest.FixtureRequest,
    ecs_subnet: Subnet,  # noqa: ARG001 - requested so that the test is parametrised
    ecs_launch_type: LaunchType,  # noqa: ARG001 - likewise
    ecs_resolver_addresses: tuple[str, ...],
    ecs_ca_bundle: str | None,
) -> Check:
    """The check of a one-off task of the test's subnet and launch type (claim ``task-start``)."""
    from pytest_ecs_privatelink.plugin.checking import check_cell, seams_of

    part = _part(request)
    seams = seams_of(part, tuple(ecs_resolver_addresses), ecs_ca_bundle)
    return check_cell(request.node, part, seams)


@pytest.fixture
def ecs_audit(
    request: pytest.FixtureRequest,
    ecs_resolver_addresses: tuple[str, ...],
    ecs_ca_bundle: str | None,
) -> tuple[Check, ...]:
    """The checks of one audited finding code: a test that requests it runs once for every code."""
    from pytest_ecs_privatelink.plugin.checking import check_audit, seams_of

    part = _part(request)
    seams = seams_of(part, tuple(ecs_resolver_addresses), ecs_ca_bundle)
    return check_audit(request.node, part, request.param, seams)


@pytest.fixture(scope="session")
def ecs_lab(request: pytest.FixtureRequest) -> LabHandle:
    """The running lab's own world, for tests that break it themselves; not shared with workers."""
    part = _part(request)
    if part.lab is None:
        pytest.skip(
            "the lab is shared under xdist: tests that break it run without -n"
            if part.plan.settings.own_world
            else "needs --ecs-lab alone: only its own world can be broken"
        )
    return part.lab
