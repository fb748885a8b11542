"""Where tasks go: a place in the subnet, dressed as is asked for, and the right instance."""

import json
from pathlib import Path
from typing import Any

import pytest
from twin_snapshots import TASKS, VPC, healthy, subnet_id

from pytest_ecs_privatelink.lab.plan import Host, compile_plan
from pytest_ecs_privatelink.lab.refused_call import CallRefusedError
from pytest_ecs_privatelink.lab.task_places import PlacementError, Places, choose
from pytest_ecs_privatelink.lab.task_truth import CAPACITY, TaskFacts, heard
from pytest_ecs_privatelink.verdict import LaunchType

OTHER = "sg-other"


def test_a_plan_has_places_for_tasks_where_they_are_wanted() -> None:
    """One for each way to dress, at an address that nobody else in the subnet has."""
    snapshot = healthy()
    wearers = {LaunchType.FARGATE: (TASKS,), LaunchType.EC2: (OTHER,)}
    hosts = (Host(subnet=subnet_id(0), wearers=wearers),)

    without, (host,) = (
        compile_plan(snapshot, hosts=hosts, registries=(), tasks=tasks).hosts
        for tasks in (False, True)
    )

    assert [each.tasks for each in without] == [()]
    assert [(each.groups, each.launch_types) for each in host.tasks] == [
        (each.groups, each.launch_types) for each in host.guises
    ]
    taken = {
        *host.addresses,
        *(address for each in snapshot.interfaces or () for address in each.addresses),
    }
    own = [each.address for each in host.tasks]
    assert len(set(own)) == len(own) == 2
    assert not taken.intersection(own)
    assert all(each.startswith("10.0.0.") for each in own)
    assert snapshot.vpc.id == VPC


def _places(tmp_path: Path, *places: dict[str, Any]) -> Places:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps({"subnet-0": {"path": "/s", "places": places}}))
    return Places(file)


def test_groups_choose_the_place_before_the_launch_type(tmp_path: Path) -> None:
    """Who wears neither is where the launch type's own are worn."""
    fargate = {"address": "10.0.0.9", "groups": ["sg-1", "sg-2"], "launch_types": ["fargate"]}
    ec2 = {"address": "10.0.0.8", "groups": None, "launch_types": ["ec2"]}
    places = _places(tmp_path, ec2, fargate)

    assert places.find("subnet-0", ("sg-2", "sg-1"), "EC2").address == "10.0.0.9"
    assert places.find("subnet-0", ("sg-3",), "EC2").address == "10.0.0.8"
    assert places.find("subnet-0", (), "FARGATE").address == "10.0.0.9"


def test_there_may_be_no_place(tmp_path: Path) -> None:
    """A subnet without addresses has no interface to give; one that is not there is refused."""
    with pytest.raises(PlacementError, match=r"^RESOURCE:ENI$"):
        _places(tmp_path).find("subnet-0", (), "FARGATE")
    for places in (_places(tmp_path), Places(tmp_path / "none"), Places(None)):
        with pytest.raises(CallRefusedError, match="subnet-1"):
            places.find("subnet-1", (), "FARGATE")


def _instance(name: str, *, connected: bool = True, **attributes: str) -> dict[str, Any]:
    return {
        "containerInstanceArn": name,
        "agentConnected": connected,
        "attributes": [
            {"name": each.replace("_", "."), "value": value} for each, value in attributes.items()
        ],
    }


def test_constraints_choose_an_instance() -> None:
    """All of them have to be met; the first that is connected has the task."""
    instances = [
        _instance("a", ecs_zone="1", ecs_kind="x"),
        _instance("b", connected=False, ecs_zone="2", ecs_kind="x"),
        _instance("c", ecs_zone="2", ecs_kind="x"),
    ]
    zone, kind = (
        {"type": "memberOf", "expression": text}
        for text in ("attribute:ecs.zone == 2", "attribute:ecs.kind==x")
    )

    assert choose(instances, (zone, kind))["containerInstanceArn"] == "c"
    assert choose(instances, ({"type": "distinctInstance"},))["containerInstanceArn"] == "a"
    with pytest.raises(PlacementError, match=r"^AGENT$") as caught:
        choose(instances[:2], (zone,))
    assert caught.value.arn == "b"
    with pytest.raises(PlacementError, match=r"^MemberOf placement constraint unsatisfied\.$"):
        choose(instances[:1], (zone,))
    with pytest.raises(CallRefusedError, match=r"^Invalid expression\.$"):
        choose(instances, ({"type": "memberOf", "expression": "zone is 2"},))


def test_what_faults_say_is_read_from_tags() -> None:
    """Other tags are none of ours, and an empty one takes back what was said."""
    tags = {"Name": "lab", "lab.tasks.failure": "capacity", "lab.tasks.logs": "-1"}

    assert heard(tags) == TaskFacts(failure=CAPACITY, logs=-1.0)
    assert heard({**tags, "lab.tasks.failure": "", "lab.tasks.logs": ""}) == TaskFacts()
