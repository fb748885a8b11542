"""Where this machine stands: by option, by metadata, by MAC address, and never by guessing."""

import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from metadata_service import TOKEN, metadata_service

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.topology.model import Interface, Snapshot, Subnet, Vpc
from pytest_ecs_privatelink.vantage.whereabouts import Whereabouts, find_local_subnet

MAC = "0e:9e:32:c7:48:85"
SNAPSHOT = Snapshot(
    taken="2026-11-23T00:00:00Z",
    region="us-east-1",
    partition="aws",
    account="111122223333",
    vpc=Vpc(id="vpc-1", owner="111122223333", cidrs=("10.0.0.0/16",)),
    subnets=(
        Subnet(id="subnet-a", cidr="10.0.1.0/24", az="us-east-1a"),
        Subnet(id="subnet-b", cidr="10.0.2.0/24", az="us-east-1b"),
    ),
    endpoints=(),
    interfaces=(
        Interface(
            id="eni-a",
            subnet="subnet-a",
            type="interface",
            addresses=("10.0.1.9",),
            groups=("sg-runner",),
            mac=MAC,
        ),
        Interface(id="eni-b", subnet="subnet-b", type="interface", addresses=("10.0.2.9",)),
    ),
)
NO_INSTANCE = {"AWS_EC2_METADATA_DISABLED": "true"}
NO_TASK = "ECS task metadata: not in an ECS task (no ECS_CONTAINER_METADATA_URI_V4)"
SWITCHED_OFF = "instance metadata: switched off (AWS_EC2_METADATA_DISABLED)"
NO_MAC = "MAC addresses: none of this machine's is an interface's of the VPC"


def cards(folder: Path, *macs: str) -> Path:
    """Return a folder like /sys/class/net with these MAC addresses besides loopback's."""
    for number, mac in enumerate(("00:00:00:00:00:00", *macs)):
        (folder / f"eth{number}").mkdir(parents=True)
        (folder / f"eth{number}" / "address").write_text(f"{mac}\n")
    return folder


def task_document(*, mode: str = "awsvpc", mac: str = MAC, vpc: str | None = None) -> str:
    """Return what ``/task`` of the task metadata endpoint v4 holds, cut to what counts."""
    network = {"NetworkMode": mode, "IPv4Addresses": ["10.0.2.61"]}
    if mode == "awsvpc":
        network |= {"MACAddress": mac, "IPv4SubnetCIDRBlock": "10.0.2.0/24"}
    containers = [{"Name": name, "Networks": [network]} for name in ("~internal~ecs~pause", "app")]
    return json.dumps(
        {"TaskARN": "arn:...", "Containers": containers} | ({"VPCID": vpc} if vpc else {})
    )


def instance_documents(*, subnet: str = "subnet-b", vpc: str = "vpc-1") -> dict[str, str]:
    """Return the categories of instance metadata that say where the instance is."""
    interface = "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01"
    return {
        "/latest/meta-data/mac": "02:00:00:00:00:01",
        f"{interface}/subnet-id": subnet,
        f"{interface}/vpc-id": vpc,
        f"{interface}/security-group-ids": "sg-2\nsg-1",
    }


def find(
    tmp_path: Path,
    *macs: str,
    snapshot: Snapshot = SNAPSHOT,
    explicit: str | None = None,
    **environ: str,
) -> Whereabouts:
    """Look for this machine with these MAC addresses and this environment."""
    return find_local_subnet(
        snapshot,
        explicit=explicit,
        environ=environ or NO_INSTANCE,
        interfaces=cards(tmp_path / "net", *macs),
    )


def test_explicit_subnet_wins(tmp_path: Path) -> None:
    """A given subnet is believed, and the groups come from an interface there."""
    found = find(tmp_path, MAC, explicit="subnet-a")

    assert found == Whereabouts(subnet="subnet-a", groups=("sg-runner",), how="--ecs-local-subnet")


def test_explicit_subnet_without_known_interface_leaves_groups_unknown(tmp_path: Path) -> None:
    """An interface elsewhere says nothing about the groups worn in the given subnet."""
    found = find(tmp_path, MAC, explicit="subnet-b")

    assert (found.subnet, found.groups) == ("subnet-b", None)


def test_explicit_subnet_of_another_vpc_is_a_settings_error(tmp_path: Path) -> None:
    """A subnet that the VPC has not is refused with the legal ones."""
    with pytest.raises(SettingsError) as caught:
        find(tmp_path, explicit="subnet-z")

    assert str(caught.value) == (
        "--ecs-local-subnet subnet-z: no subnet of vpc-1; its subnets are subnet-a, subnet-b"
    )


def test_task_interface_of_the_snapshot_decides(tmp_path: Path) -> None:
    """The task's MAC address, in any case of letters, finds its interface and groups."""
    with metadata_service({"/v4/x/task": task_document(mac=MAC.upper())}) as service:
        found = find(tmp_path, ECS_CONTAINER_METADATA_URI_V4=f"{service.address}/v4/x")

    assert found == Whereabouts(
        subnet="subnet-a", groups=("sg-runner",), how="ECS task metadata, interface eni-a"
    )
    assert service.requests == [("GET", "/v4/x/task", None)]


def test_task_of_the_vpc_is_found_by_its_subnet_range(tmp_path: Path) -> None:
    """An interface younger than the snapshot is placed by range where the VPC is named."""
    document = task_document(mac="0e:00:00:00:00:01", vpc="vpc-1")
    with metadata_service({"/task": document}) as service:
        found = find(tmp_path, ECS_CONTAINER_METADATA_URI_V4=service.address)

    assert (found.subnet, found.groups) == ("subnet-b", None)
    assert found.how == "ECS task metadata (VPC and subnet range)"


def test_range_alone_is_not_enough(tmp_path: Path) -> None:
    """On Fargate, which names no VPC, a matching range without a known interface is nothing."""
    with metadata_service({"/task": task_document(mac="0e:00:00:00:00:01")}) as service:
        found = find(tmp_path, MAC, ECS_CONTAINER_METADATA_URI_V4=service.address)

    assert (found.subnet, found.how) == (None, "")
    assert found.reasons == (
        "ECS task metadata: no interface of the snapshot has the task's MAC address "
        "0e:00:00:00:00:01; if the snapshot is older than the task, give --ecs-local-subnet",
    )


def test_task_of_another_vpc_stands_nowhere_here(tmp_path: Path) -> None:
    """Another VPC's id decides against, whatever the MAC addresses say."""
    with metadata_service({"/task": task_document(vpc="vpc-2")}) as service:
        found = find(tmp_path, MAC, ECS_CONTAINER_METADATA_URI_V4=service.address)

    assert found == Whereabouts(
        reasons=("ECS task metadata: the task stands in vpc-2, not in vpc-1",)
    )


def test_bridged_task_stands_where_its_instance_does(tmp_path: Path) -> None:
    """A task without interface leaves by its instance's, so instance metadata decides."""
    documents = {"/v4/task": task_document(mode="bridge"), **instance_documents()}
    with metadata_service(documents) as service:
        found = find(
            tmp_path,
            ECS_CONTAINER_METADATA_URI_V4=f"{service.address}/v4",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=service.address,
        )

    assert (found.subnet, found.how) == ("subnet-b", "instance metadata")
    assert found.reasons == ("ECS task metadata: network mode bridge gives the task no interface",)


def test_instance_metadata_tells_subnet_and_groups(tmp_path: Path) -> None:
    """One token, then each category once with it, and never without."""
    with metadata_service(instance_documents()) as service:
        found = find(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=service.address)

    assert found == Whereabouts(
        subnet="subnet-b", groups=("sg-1", "sg-2"), how="instance metadata", reasons=(NO_TASK,)
    )
    assert [request[0] for request in service.requests] == ["PUT", "GET", "GET", "GET", "GET"]
    assert {token for method, _, token in service.requests if method == "GET"} == {TOKEN}


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        (
            instance_documents(vpc="vpc-2"),
            "instance metadata: this instance stands in vpc-2, not in vpc-1",
        ),
        (
            instance_documents(subnet="subnet-z"),
            "instance metadata: subnet-z is not in the snapshot of the VPC",
        ),
    ],
)
def test_instance_elsewhere_stands_nowhere_here(
    tmp_path: Path, documents: dict[str, str], reason: str
) -> None:
    """Another VPC or an unknown subnet decides against, and no MAC address overrules it."""
    with metadata_service(documents) as service:
        found = find(tmp_path, MAC, AWS_EC2_METADATA_SERVICE_ENDPOINT=service.address)

    assert found == Whereabouts(reasons=(NO_TASK, reason))


@pytest.mark.parametrize(
    ("path", "documents", "reason"),
    [
        ("/v4", {}, "ECS task metadata: HTTP 404 for GET /task"),
        ("/v4", {"/v4/task": "<html>"}, "ECS task metadata: its answer is no JSON"),
        ("/v4", {"/v4/task": "[]"}, "ECS task metadata: its answer is no JSON object"),
        (
            "/v4",
            {"/v4/task": '{"Containers": [{"Networks": "x"}, 5]}'},
            "ECS task metadata: network mode unknown gives the task no interface",
        ),
    ],
)
def test_useless_task_metadata_leaves_the_other_evidence(
    tmp_path: Path, path: str, documents: dict[str, str], reason: str
) -> None:
    """Metadata that says nothing is named as a reason, and the MAC address still counts."""
    with metadata_service(documents) as service:
        found = find(
            tmp_path,
            MAC,
            ECS_CONTAINER_METADATA_URI_V4=service.address + path,
            AWS_EC2_METADATA_DISABLED="TRUE",
        )

    assert (found.subnet, found.how) == ("subnet-a", "MAC address, interface eni-a")
    assert found.reasons == (reason, SWITCHED_OFF)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://127.0.0.1", "'https://127.0.0.1' is no http address"),
        ("nonsense", "'nonsense' is no http address"),
        ("http://127.0.0.1:x", "'http://127.0.0.1:x' is no address: Port could not be cast"),
        ("http://127.0.0.1:9", "no answer: Connection refused"),
    ],
)
def test_unusable_metadata_address_is_a_reason(tmp_path: Path, address: str, reason: str) -> None:
    """An address that cannot be asked, or where nobody answers, is told in one line."""
    found = find(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=address)

    assert found.subnet is None
    assert found.reasons[1].startswith(f"instance metadata: {reason}")


def test_silent_metadata_costs_one_second_at_most(tmp_path: Path) -> None:
    """A service that accepts and says nothing is given up after the timeout, asked once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        found = find(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=address)
        took = time.monotonic() - began
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()

    assert found.reasons == (NO_TASK, "instance metadata: no answer within 1 s", NO_MAC)
    assert 0.9 < took < 2


def test_proxies_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy variables of the machine do not come between it and its metadata."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with metadata_service(instance_documents()) as service:
        found = find(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=service.address)

    assert found.subnet == "subnet-b"


def test_nothing_known_is_nowhere_with_all_reasons(tmp_path: Path) -> None:
    """From outside the VPC each evidence that was looked for is named."""
    found = find(tmp_path, "02:42:ac:11:00:02")

    assert found == Whereabouts(reasons=(NO_TASK, SWITCHED_OFF, NO_MAC))


def test_interfaces_in_two_subnets_need_the_option(tmp_path: Path) -> None:
    """A machine with a foot in two subnets is asked to say which one counts."""
    interfaces = SNAPSHOT.interfaces or ()
    other = "0e:00:00:00:00:02"
    snapshot = replace(SNAPSHOT, interfaces=(interfaces[0], replace(interfaces[1], mac=other)))

    found = find(tmp_path, MAC, other, snapshot=snapshot)

    assert found.subnet is None
    assert found.reasons[-1] == (
        "MAC address: interfaces in subnet-a and subnet-b; give --ecs-local-subnet"
    )


def test_unreadable_interfaces_are_not_the_same_as_none(tmp_path: Path) -> None:
    """Where the VPC's interfaces could not be read, that is the reason."""
    found = find(tmp_path, MAC, snapshot=replace(SNAPSHOT, interfaces=None))

    assert found.reasons[-1] == "MAC addresses: the VPC's interfaces could not be read"


def test_nobody_stands_in_an_emulated_vpc(tmp_path: Path) -> None:
    """For an emulator's VPC no metadata service is asked at all."""
    with metadata_service(instance_documents()) as service:
        found = find(
            tmp_path,
            MAC,
            snapshot=replace(SNAPSHOT, emulated=True),
            AWS_EC2_METADATA_SERVICE_ENDPOINT=service.address,
        )

    assert found == Whereabouts(reasons=("the VPC is emulated: no machine stands in it",))
    assert service.requests == []
