"""Snapshots survive the way to a file and back, and foreign files are refused in one line."""

import json
import os
import stat
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snapshot_builders import any_snapshots, vpc_of

from pytest_ecs_privatelink.errors import SnapshotError
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet, Unreadable
from pytest_ecs_privatelink.topology.snapshot import check_writable, from_text, load, save, to_text
from pytest_ecs_privatelink.topology.wellformed import without_host_bits

AGAIN = "save it again with --ecs-vpc VPC --ecs-save-snapshot FILE"


@given(snapshot=any_snapshots())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
def test_every_snapshot_comes_back_as_it_was(snapshot: Snapshot) -> None:
    """Whatever the model can hold is the same after text and back, None and empty told apart."""
    assert from_text(to_text(snapshot), "FILE") == snapshot


def test_text_is_deterministic_and_readable() -> None:
    """Equal snapshots give equal text: sorted keys, one value a line, a newline at the end."""
    text = to_text(vpc_of())

    assert text == to_text(vpc_of())
    assert text.endswith("\n}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert '\n "region": "us-east-1",\n' in text


def test_saved_snapshot_loads(tmp_path: Path) -> None:
    """What was saved is what is loaded, and nothing else stays in the folder."""
    snapshot = vpc_of(unreadable=(Unreadable(part="interfaces", permission="x", error="ä\n"),))
    path = tmp_path / "prod.json"

    save(snapshot, path)
    save(snapshot, path)

    assert load(path) == snapshot
    assert os.listdir(tmp_path) == ["prod.json"]


def test_saved_snapshot_is_its_owners_alone(tmp_path: Path) -> None:
    """A snapshot tells a network's layout: only its owner may read the file."""
    save(vpc_of(), tmp_path / "prod.json")

    assert stat.S_IMODE((tmp_path / "prod.json").stat().st_mode) == 0o600


def test_snapshot_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare file name is a file of the working folder."""
    monkeypatch.chdir(tmp_path)

    save(vpc_of(), "prod.json")

    assert load("prod.json") == vpc_of()


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    """Saving into a missing folder is one line with the path and the reason."""
    path = tmp_path / "absent" / "prod.json"

    with pytest.raises(SnapshotError) as raised:
        save(vpc_of(), path)

    assert str(raised.value) == f"{path} cannot be written: No such file or directory"


def test_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where the file cannot be put in place, no draft stays."""
    (tmp_path / "folder").mkdir()

    with pytest.raises(SnapshotError, match="cannot be written: Is a directory"):
        save(vpc_of(), tmp_path / "folder")

    assert os.listdir(tmp_path) == ["folder"]


def test_missing_file(tmp_path: Path) -> None:
    """A file that does not exist is named, with how to make one."""
    path = tmp_path / "absent.json"

    with pytest.raises(SnapshotError) as raised:
        load(path)

    assert str(raised.value) == f"{path} does not exist: {AGAIN}"


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A directory is no snapshot."""
    with pytest.raises(SnapshotError) as raised:
        load(tmp_path)

    assert str(raised.value) == f"{tmp_path} cannot be read: Is a directory"


def test_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """A file that an editor gave a byte order mark is still read."""
    path = tmp_path / "bom.json"
    path.write_text(to_text(vpc_of()), encoding="utf-8-sig")

    assert load(path) == vpc_of()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/saved.json", "cannot be written: No such file or directory"),
        ("", "cannot be written: Is a directory"),
    ],
)
def test_what_cannot_be_written_is_known_before(tmp_path: Path, name: str, words: str) -> None:
    """The check says what saving would, and leaves nothing behind."""
    path = f"{tmp_path}/.." if not name else str(tmp_path / name)

    with pytest.raises(SnapshotError) as raised:
        check_writable(path)

    assert str(raised.value) == f"{path} {words}"
    check_writable(tmp_path / "saved.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", f"is no JSON (Expecting value, line 1 column 1): {AGAIN}"),
        (b"{", "is no JSON (Expecting property name enclosed in double quotes, line 1 column 2)"),
        (b"\xff\xfe\x00", f"is no JSON (not UTF-8 text): {AGAIN}"),
        pytest.param(b"[" * 200_000, "is no JSON that can be read (maximum recursion", id="deep"),
        pytest.param(b"9" * 5_000, "is no JSON that can be read (Exceeds the limit", id="long"),
        (b"[]", f"is JSON, but no snapshot of a VPC: {AGAIN}"),
        (b'{"Vpcs": []}', f"is JSON, but no snapshot of a VPC: {AGAIN}"),
        (b'{"schema": 2}', "has snapshot schema 2, this version reads 1: save it again"),
        (b'{"schema": "1"}', "has snapshot schema '1', this version reads 1: save it again"),
        (b'{"schema": 1}', "does not fit snapshot schema 1: $: field 'account' is missing"),
    ],
)
def test_file_that_is_no_snapshot(tmp_path: Path, content: bytes, words: str) -> None:
    """What is not JSON, not ours or of another schema is refused in one line naming the file."""
    path = tmp_path / "other.json"
    path.write_bytes(content)

    with pytest.raises(SnapshotError) as raised:
        load(path)

    message = str(raised.value)
    assert message.startswith(f"{path} {words}")
    assert "\n" not in message


LONE = {"id": "eni-1", "subnet": "subnet-a", "type": "interface"}


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("vpc", {"owner": ""}, "$.vpc.owner: '' is no account id of 12 digits"),
        ("vpc", {"owner": "self"}, "$.vpc.owner: 'self' is no account id of 12 digits"),
        ("vpc", {"cidrs": []}, "$.vpc.cidrs: a VPC has at least one CIDR"),
        (
            "vpc",
            {"cidrs": ["10.0.3.4/16"]},
            "$.vpc.cidrs[0]: '10.0.3.4/16' has host bits: 10.0.0.0/16 is the network",
        ),
        (
            "vpc",
            {"ipv6_cidrs": ["2001:db8::1/56"]},
            "$.vpc.ipv6_cidrs[0]: '2001:db8::1/56' has host bits: 2001:db8::/56 is the network",
        ),
        ("vpc", {"cidrs": ["10.0.0.0"]}, "$.vpc.cidrs[0]: '10.0.0.0' is no CIDR"),
        (
            "subnets",
            [{"id": "subnet-a", "cidr": "10.0.0.1/24", "az": "us-east-1a"}],
            "$.subnets[0].cidr: '10.0.0.1/24' has host bits: 10.0.0.0/24 is the network",
        ),
        (
            "subnets",
            [{"id": "subnet-a", "cidr": "", "az": "us-east-1a"}],
            "$.subnets[0].cidr: '' is no CIDR",
        ),
        (
            "prefix_lists",
            [{"id": "pl-1", "name": "s3", "cidrs": ["52.216.0.1/15"]}],
            "$.prefix_lists[0].cidrs[0]: '52.216.0.1/15' has host bits: 52.216.0.0/15 is the",
        ),
        (
            "route_tables",
            [
                {
                    "id": "rtb-1",
                    "routes": [{"destination": "10.1.2.3/16", "target": "nat", "target_id": "n"}],
                }
            ],
            "$.route_tables[0].routes[0].destination: '10.1.2.3/16' has host bits: 10.1.0.0/16",
        ),
        (
            "interfaces",
            [LONE | {"addresses": ["10.0.0.5/32"]}],
            "$.interfaces[0].addresses[0]: '10.0.0.5/32' is no address",
        ),
        (
            "mount_targets",
            [{"id": "m", "file_system": "f", "subnet": "s", "az": "a", "address": "10.0.0"}],
            "$.mount_targets[0].address: '10.0.0' is no address",
        ),
    ],
)
def test_networks_accounts_and_addresses_are_checked_at_the_door(
    part: str, change: dict[str, object] | list[object], words: str
) -> None:
    """What would break a computation later is refused in one line, with its place."""
    edited = json.loads(to_text(vpc_of()))
    edited[part] = edited[part] | change if isinstance(change, dict) else change

    with pytest.raises(SnapshotError) as raised:
        from_text(json.dumps(edited), "prod.json")

    message = str(raised.value)
    assert message.startswith(f"prod.json at {words}")
    assert "\n" not in message


def test_an_ipv6_only_subnet_is_well_formed() -> None:
    """Its one range stands in both fields, as it is read."""
    only = Subnet(id="subnet-6", cidr="2001:db8::/64", az="us-east-1a", ipv6_cidr="2001:db8::/64")
    snapshot = vpc_of(only)

    assert from_text(to_text(snapshot), "prod.json") == snapshot


@given(st.one_of(st.ip_addresses(), st.text(max_size=8)).map(str), st.integers(0, 128))
def test_host_bits_are_dropped_and_nothing_else(address: str, length: int) -> None:
    """What comes out is the network that went in, the same text where there was nothing to drop."""
    cidr = f"{address}/{length}"
    plain = without_host_bits(cidr)

    assert without_host_bits(plain) == plain
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        assert plain == cidr
    else:
        assert ip_network(plain) == network


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"regions": []}, "does not fit snapshot schema 1: $: unknown field 'regions'"),
        ({"region": 1}, "does not fit snapshot schema 1: $.region: str expected, int found"),
        ({"subnets": None}, "does not fit snapshot schema 1: $.subnets: list expected"),
        (
            {"subnets": [{"id": "subnet-a", "cidr": "10.0.0/24", "az": "us-east-1a"}]},
            "at $.subnets[0].cidr: '10.0.0/24' is no CIDR",
        ),
        (
            {"prefix_lists": [{"id": "pl-1", "name": "s3", "cidrs": ["1.2.3.0/24", "1.2.3"]}]},
            "at $.prefix_lists[0].cidrs[1]: '1.2.3' is no CIDR",
        ),
        (
            {
                "route_tables": [
                    {
                        "id": "rtb-1",
                        "routes": [
                            {"destination": "pl-1", "target": "igw", "target_id": None},
                            {"destination": "default", "target": "igw", "target_id": None},
                        ],
                    }
                ]
            },
            "at $.route_tables[0].routes[1].destination: 'default' is no CIDR",
        ),
        (
            {
                "security_groups": [
                    {
                        "id": "sg-1",
                        "vpc": "vpc-1",
                        "name": "tasks",
                        "ingress": [],
                        "egress": [{"protocol": "-1", "cidr": "any"}],
                    }
                ]
            },
            "at $.security_groups[0].egress[0].cidr: 'any' is no CIDR",
        ),
        (
            {
                "network_acls": [
                    {
                        "id": "acl-1",
                        "entries": [
                            {
                                "number": 100,
                                "egress": False,
                                "allow": True,
                                "protocol": "tpc",
                                "cidr": "0.0.0.0/0",
                            }
                        ],
                    }
                ]
            },
            "at $.network_acls[0].entries[0].protocol: 'tpc' is no protocol: "
            "tcp, udp, icmp, icmpv6, -1 or a number",
        ),
    ],
)
def test_edited_snapshot_that_does_not_fit(change: dict[str, object], words: str) -> None:
    """A slip in an edited file is told with the place where it stands."""
    edited = json.loads(to_text(vpc_of())) | change

    with pytest.raises(SnapshotError) as raised:
        from_text(json.dumps(edited), "prod.json")

    assert str(raised.value).startswith(f"prod.json {words}")
