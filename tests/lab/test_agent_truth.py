"""What the lab's cloud says of container instances is what their agents and its faults say."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from pytest_ecs_privatelink.lab.agent_truth import tell
from pytest_ecs_privatelink.lab.cloud import Cloud
from pytest_ecs_privatelink.lab.cloud_faults import turn_private_dns_off
from pytest_ecs_privatelink.lab.world import World, build_world


@dataclass(frozen=True)
class Seen:
    """A cloud with the lab's world in it, and how its container instances look."""

    session: boto3.Session
    cluster: str
    world: World

    def instances(self) -> list[dict[str, Any]]:
        """Take one look at all container instances."""
        ecs = self.session.client("ecs")
        arns = ecs.list_container_instances(cluster=self.cluster)["containerInstanceArns"]
        found = ecs.describe_container_instances(cluster=self.cluster, containerInstances=arns)
        return list(found["containerInstances"])

    def connected(self) -> set[bool]:
        """Take one look at which agents are connected."""
        return {each["agentConnected"] for each in self.instances()}

    def last_endpoint(self) -> float:
        """Return when the last endpoint of the world was made."""
        filters = [{"Name": "vpc-id", "Values": [self.world.vpc_id]}]
        found = self.session.client("ec2").describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        made = (each["CreationTimestamp"] for each in found if each["State"] != "deleted")
        return float(max(made).timestamp())


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """Yield a session for a cloud in which every test builds a world of its own."""
    with Cloud.launch() as cloud:
        cloud.wait()
        yield cloud.session()


@pytest.fixture
def seen(session: boto3.Session) -> Seen:
    """Build a world in the cloud."""
    name = f"lab-{uuid.uuid4().hex[:8]}"
    return Seen(session, name, build_world(session, cluster=name))


def test_an_agent_is_what_it_registered_as(seen: Seen) -> None:
    """Version and attributes are the agent's own beside what ECS adds; it is connected."""
    instances = seen.instances()
    attributes = [
        {each["name"]: each.get("value") for each in instance["attributes"]}
        for instance in instances
    ]

    assert len(instances) == 3
    assert {each["versionInfo"]["agentVersion"] for each in instances} == {"1.90.0"}
    assert {each["agentConnected"] for each in instances} == {True}
    assert {each["ecs.os-type"] for each in attributes} == {"linux"}
    assert {each["ecs.availability-zone"] for each in attributes} == {
        f"us-east-1{zone}" for zone in "abc"
    }
    assert {each["ecs.subnet-id"] for each in attributes} == set(seen.world.subnets.values())
    assert {each["ecs.vpc-id"] for each in attributes} == {seen.world.vpc_id}


def test_an_instance_has_its_role(seen: Seen) -> None:
    """The EC2 API knows the instance profile, IAM the role in it."""
    ids = [each["ec2InstanceId"] for each in seen.instances()]
    found = seen.session.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    profiles = {
        each["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        for reservation in found
        for each in reservation["Instances"]
    }
    iam = seen.session.client("iam")
    (name,) = profiles
    (role,) = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]

    assert name == role["RoleName"] == f"{seen.cluster}-container-instance"


def test_agents_have_been_restarted_since_the_last_endpoint(seen: Seen) -> None:
    """As R18 wants it, also where an endpoint comes when they were there already."""
    assert all(each["registeredAt"].timestamp() > seen.last_endpoint() for each in seen.instances())

    turn_private_dns_off(seen.world, seen.session, "logs")

    assert all(each["registeredAt"].timestamp() > seen.last_endpoint() for each in seen.instances())


def test_a_fault_says_version_and_time(seen: Seen) -> None:
    """Nobody is shown by what means."""
    tell(seen.session, seen.cluster, version="1.25.0", registered="1767340800")

    instances = seen.instances()

    assert {each["versionInfo"]["agentVersion"] for each in instances} == {"1.25.0"}
    assert {each["registeredAt"].timestamp() for each in instances} == {1767340800.0}
    names = {each["name"] for instance in instances for each in instance["attributes"]}
    assert not any(name.startswith("lab.") for name in names)


def test_agents_come_and_go_by_looks(seen: Seen) -> None:
    """Each look sees the next word, and the last word stays; a new fault starts anew."""
    tell(seen.session, seen.cluster, connected="false,true")
    assert [seen.connected() for _ in range(3)] == [{False}, {True}, {True}]

    tell(seen.session, seen.cluster, connected="false")
    assert [seen.connected() for _ in range(2)] == [{False}, {False}]


def test_what_is_refused_stays_refused(seen: Seen) -> None:
    """A cluster that is not there is the emulator's to refuse."""
    ecs = seen.session.client("ecs")

    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.describe_container_instances(cluster="none", containerInstances=["a"])
