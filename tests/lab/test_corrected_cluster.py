"""Container instances of an emulator become ones whose agents could run."""

from dataclasses import replace

import pytest

from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot, Subnet, Vpc

INSTANCE = ContainerInstance(
    arn="arn:i",
    instance="i-1",
    agent_version="1.0.0",
    agent_connected=True,
    registered="2026-01-02T00:00:00+00:00",
    subnet="subnet-a",
    groups=("sg-i",),
)


def snapshot(instance: ContainerInstance, *created: str | None) -> Snapshot:
    """Return an emulator's snapshot with one instance, and endpoints created at these times."""
    endpoints = tuple(
        Endpoint(
            id=f"vpce-{i}",
            service_name="com.amazonaws.us-east-1.ecs",
            type=EndpointType.INTERFACE,
            state="available",
            private_dns=True,
            created=when,
        )
        for i, when in enumerate(created)
    )
    return Snapshot(
        taken="2026-01-03T00:00:00Z",
        region="us-east-1",
        partition="aws",
        account="123456789012",
        emulated=True,
        vpc=Vpc(id="vpc-1", owner="123456789012", cidrs=("10.0.0.0/16",)),
        subnets=(Subnet(id="subnet-a", cidr="10.0.1.0/24", az="us-east-1a"),),
        endpoints=endpoints,
        cluster=Cluster(arn="arn:c", name="lab", instances=(instance,)),
    )


def corrected(given: Snapshot) -> ContainerInstance:
    """Return the instance as it is after the corrections, which one pass completes."""
    once = correct(given)
    assert correct(once) == once
    assert once.cluster is not None
    (instance,) = once.cluster.instances or ()
    return instance


def test_motos_agent_is_none() -> None:
    """Every instance of moto's says 1.0.0, which no agent with ECS endpoints can be."""
    assert corrected(snapshot(INSTANCE)) == replace(INSTANCE, agent_version="1.90.0")


def test_a_version_that_somebody_chose_stays() -> None:
    """Only moto's own invention is replaced, so that a fault's old agent survives."""
    old = replace(INSTANCE, agent_version="1.24.0", agent_connected=False)
    assert corrected(snapshot(old)) == old


@pytest.mark.parametrize(
    ("created", "registered"),
    [
        ("2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"),
        ("2026-01-02T00:00:00+00:00", "2026-01-02T00:00:01+00:00"),
        ("2026-01-02T08:00:00+00:00", "2026-01-02T08:00:01+00:00"),
        ("yesterday", "2026-01-02T00:00:00+00:00"),
        ("2026-01-03T00:00:00", "2026-01-02T00:00:00+00:00"),
        (None, "2026-01-02T00:00:00+00:00"),
    ],
)
def test_agents_registered_when_the_endpoints_were_there(
    created: str | None, registered: str
) -> None:
    """A lab fault makes endpoints anew, which says nothing about its agents."""
    early = "2026-01-01T00:00:00+00:00"
    assert corrected(snapshot(INSTANCE, early, created)).registered == registered


def test_aws_is_believed() -> None:
    """An instance of real AWS stays as it is."""
    real = replace(snapshot(INSTANCE, "2026-01-02T08:00:00+00:00"), emulated=False)
    assert correct(real) == real
