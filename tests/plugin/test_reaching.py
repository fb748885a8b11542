"""How a run takes up container instances: beside this machine, with whose keys, and told how."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from planned_vpc import EVERY_SERVICE, REGION, planned, vpc

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.header import header_lines
from pytest_ecs_privatelink.plugin.reaching import reach_instances
from pytest_ecs_privatelink.plugin.run import Place, Run, Source
from pytest_ecs_privatelink.plugin.run_here import open_here
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud, Part
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface, Snapshot
from pytest_ecs_privatelink.verdict import Claim

pytest.importorskip("testinfra")

INSTANCE = ContainerInstance(
    arn="arn:aws:ecs:us-west-2:111111111111:container-instance/live/1",
    instance="i-00000001",
    agent_version="1.90.0",
    agent_connected=True,
    registered=None,
    subnet="subnet-b",
    groups=("sg-00000001",),
)
SSH = "ssh://ec2-user@{private_ip}"
CHAINS = {Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET}


def inhabited() -> Snapshot:
    """Return a VPC of two subnets, with a container instance in the second."""
    interface = Interface(
        id="eni-1",
        subnet="subnet-b",
        type="interface",
        addresses=("10.0.1.5",),
        instance=INSTANCE.instance,
        primary=True,
    )
    cluster = Cluster(
        arn="arn:aws:ecs:us-west-2:111111111111:cluster/live", name="live", instances=(INSTANCE,)
    )
    return vpc(*EVERY_SERVICE, cluster=cluster, interfaces=(interface,))


@pytest.fixture(autouse=True)
def _usual_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name no certificates: hosts have their own."""
    for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Save the VPC, and leave nobody any credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    path = tmp_path / "vpc.json"
    snapshots.save(inhabited(), path)
    return str(path)


@contextlib.contextmanager
def place(saved: str, **said: object) -> Iterator[Place]:
    """Open the run; nothing is sent before somebody asks."""
    settings = Settings(snapshot=saved, subnets=("subnet-a", "subnet-b"), run="abc")
    with contextlib.ExitStack() as stack:
        yield open_here(replace(settings, **said), stack, probing=True)  # type: ignore[arg-type]  # fields


def test_instances_stand_in_their_subnets_and_this_machine_in_its_own(saved: str) -> None:
    """Where an instance stands, it is asked; this machine keeps a subnet that has none."""
    with place(saved, connect=SSH, local_subnet="subnet-a") as found:
        labels = {subnet: each.label for subnet, each in found.vantages.items()}
    assert labels == {"subnet-a": "local", "subnet-b": "ssh://ec2-user@10.0.1.5"}
    assert found.absent == {}


def test_an_instance_goes_before_this_machine(saved: str) -> None:
    """The host that tasks run on is the better witness."""
    with place(saved, connect=SSH, local_subnet="subnet-b") as found:
        labels = {subnet: each.label for subnet, each in found.vantages.items()}
    assert labels == {"subnet-b": "ssh://ec2-user@10.0.1.5"}
    assert found.absent == {
        "subnet-a": "no vantage: no container instance of cluster live stands in this subnet"
    }


def test_instances_sign_for_themselves_where_the_run_has_no_credentials(saved: str) -> None:
    """Chain claims stay where instances have a role; lent keys would have to be there."""
    with place(saved, connect=SSH) as own, place(saved, connect=SSH, lend_credentials=True) as lent:
        pass
    assert not CHAINS & set(own.plan.unproven) - {Claim.ECR_PULL}
    assert set(lent.plan.unproven) >= CHAINS
    assert lent.plan.unproven[Claim.SECRET] == (
        "no AWS credentials were found: calls to AWS are signed with them"
    )


@pytest.mark.parametrize("option", ["ssh_config", "ssh_identity_file"])
def test_a_file_that_is_not_there_is_one_line_and_no_host_is_asked(
    saved: str, tmp_path: Path, option: str
) -> None:
    """Each cell would say the same: the name is wrong for all of them."""
    missing = str(tmp_path / "none.such")
    told = f"--ecs-connect: there is no file {missing!r}"
    with (
        pytest.raises(SettingsError) as absolute,
        place(saved, connect=f"{SSH}?{option}={missing}"),
    ):
        pass
    with pytest.raises(SettingsError) as home, place(saved, connect=f"{SSH}?{option}=~/none.such"):
        pass
    assert str(absolute.value) == told
    assert str(home.value) == (
        "--ecs-connect: there is no file '~/none.such': write the whole path, for ssh takes ~ as "
        "it is"
    )


def test_no_file_and_files_for_each_instance_are_taken(saved: str) -> None:
    """What ssh calls none is no file, and which file a field means is not known before."""
    query = "ssh_config=none&ssh_identity_file=/keys/{az}.pem"
    with place(saved, connect=f"{SSH}?{query}") as found:
        assert found.vantages["subnet-b"].label == "ssh://ec2-user@10.0.1.5"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({}, "  container instances reached by ssh://ec2-user@{private_ip} (option)"),
        (
            {"lend_credentials": True},
            "  container instances reached by ssh://ec2-user@{private_ip} (option), which sign "
            "with this run's credentials",
        ),
    ],
    ids=["own", "lent"],
)
def test_the_header_says_how_and_from_where(saved: str, said: dict[str, bool], line: str) -> None:
    """How hosts are reached, and which place each subnet is probed from; never the query."""
    given = {"connect": f"{SSH}?ssh_config=/dev/null", "sources": {"connect": "option"}, **said}
    with place(saved, **given) as found:
        run = Run(
            id="abc",
            part=Part(plan=found.plan, cloud=Cloud(region=REGION), link=None),
            source=Source(target="aws", cloud=Cloud(region=REGION), region_source="option"),
            exchange=None,
            vantages=found.vantages,
            absent=found.absent,
            ledger=Ledger("abc", boto3.Session),
            stack=contextlib.ExitStack(),
        )
        lines = header_lines(run)

    assert line in lines
    assert "  vantages: private-b ssh://ec2-user@10.0.1.5" in lines
    assert "/secret" not in "\n".join(lines)


def test_what_botocore_says_of_ssm_is_in_nobody_s_log() -> None:
    """It would quote requests as they are signed, for as long as the run calls."""
    plan = planned(inhabited(), connect="ssm://{instance_id}", claims=(Claim.PRIVATE_DNS,))
    logging.getLogger("botocore").setLevel(logging.DEBUG)
    try:
        with contextlib.ExitStack() as stack:
            reach_instances(plan.settings, plan, boto3.Session, stack)
            during = logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
        after = logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
    finally:
        logging.getLogger("botocore").setLevel(logging.NOTSET)

    assert (during, after) == (False, True)
