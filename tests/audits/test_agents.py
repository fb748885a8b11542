"""The audits of container agents: version, connection, restarted or not (R13, R17, R18)."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from audit_clusters import ARN, instance, refused, running
from audit_worlds import ASSUMED, EC2, FARGATE, endpoint, heads, scene, world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot
from pytest_ecs_privatelink.verdict import Cell, Claim, Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
ORDER = ("ecs-agent", "ecs-telemetry", "ecs")
BEFORE, AFTER = "2026-01-01T08:00:00Z", "2026-01-01T10:00:00Z"
TIMES = ("2026-01-01T09:00:00Z", "2026-01-01T09:01:00Z", "2026-01-01T09:02:00+00:00")
SAME_DAY, NEXT_DAY = "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"
AGENT_CODES = (
    Code.AGENT_DISCONNECTED,
    Code.AGENT_STALE,
    Code.AGENT_TOO_OLD,
    Code.ENDPOINT_ORDER,
)


def hosted(*instances: ContainerInstance, **changes: Any) -> Snapshot:  # noqa: ANN401 of Snapshot
    """Return the healthy VPC with these container instances in it."""
    return running(of_cluster={"instances": instances}, **changes)


def created(**times: str | None) -> tuple[Endpoint, ...]:
    """Return all endpoints, those of services (with underscores) created at these times."""
    return tuple(
        endpoint(service, created=times.get(service.replace("-", "_"))) for service in ASSUMED
    )


def in_order(*services: str) -> tuple[Endpoint, ...]:
    """Return all endpoints, the three made in this order."""
    named = (each.replace("-", "_") for each in services)
    return created(**dict(zip(named, TIMES, strict=True)))


def only(snapshot: Snapshot) -> Finding:
    """Return the single finding on EC2."""
    (finding,) = run_audits(scene(snapshot, EC2))
    return finding


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("1.25.0", True),
        ("v1.25.0", True),
        ("1.3.0", True),
        ("0.99.99", True),
        ("1.25.1", False),
        ("v1.25.1", False),
        ("1.25.10", False),
        ("1.100.0", False),
        ("2.0.0", False),
    ],
)
def test_agents_before_1_25_1_are_too_old(version: str, old: bool) -> None:
    """Versions are compared as numbers; a v in front is no difference."""
    found = run_audits(scene(hosted(instance(agent_version=version)), EC2))
    assert heads(found) == ([(Code.AGENT_TOO_OLD, E, "prod")] if old else [])


@given(st.tuples(*[st.integers(0, 200)] * 3))
def test_any_version_is_judged_by_its_numbers(numbers: tuple[int, ...]) -> None:
    """Never as text: 1.9 is older than 1.25."""
    version = ".".join(map(str, numbers))
    found = run_audits(scene(hosted(instance(agent_version=version)), EC2))
    assert bool(found) is (numbers < (1, 25, 1))


def test_one_line_names_the_old_agents() -> None:
    """All of a cluster's are one finding, with a command for each."""
    old = (
        instance("i-2", agent_version="1.20.0"),
        instance("i-1", agent_version="v1.25.0"),
        instance("i-3"),
    )
    finding = only(hosted(*old))
    assert finding.summary == (
        "agents in cluster prod are older than 1.25.1, the first that can pull over PrivateLink: "
        "i-1 (v1.25.0), i-2 (1.20.0)"
    )
    assert finding.expected == "container agent 1.25.1 or later"
    assert finding.observed == "i-1 (v1.25.0), i-2 (1.20.0)"
    assert finding.launch_types == EC2
    assert finding.blocks == ()
    assert finding.remedy.cli == tuple(
        "aws ecs update-container-agent --region us-west-2 --cluster prod"
        f" --container-instance {ARN}:container-instance/prod/{n}"
        for n in (1, 2)
    )
    assert finding.remedy.terraform == (
        'data "aws_ssm_parameter" "ecs_image" {\n'
        '  name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"\n'
        "}\n"
        "# in the launch template: image_id = data.aws_ssm_parameter.ecs_image.value"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-update.html"
    )


def test_many_old_agents_are_counted() -> None:
    """A summary stays one line; every one of them has its command."""
    finding = only(hosted(*(instance(f"i-{n}", agent_version="1.0.0") for n in range(5))))
    assert finding.observed == "5 container instances"
    assert len(finding.remedy.cli) == 5


@pytest.mark.parametrize("version", [None, "", "latest"])
def test_an_agent_that_never_told_its_version_is_unknown(version: str | None) -> None:
    """No permission would show it, and it is never green."""
    sight = scene(hosted(instance(agent_version=version)), EC2)
    assert run_audits(sight) == ()
    assert unseen(sight) == (
        Unseen(
            code=Code.AGENT_TOO_OLD,
            subject="prod",
            reason="the agent's version is not known of i-1",
        ),
    )


def test_an_agent_that_is_not_connected_is_a_warning() -> None:
    """A snapshot is one look, and agents reconnect several times an hour."""
    finding = only(hosted(instance(), instance("i-2", agent_connected=False)))
    assert heads((finding,)) == [(Code.AGENT_DISCONNECTED, W, "prod")]
    assert finding.summary == (
        "when they were read, these agents in cluster prod were not connected: i-2; agents "
        "reconnect several times an hour, so look again"
    )
    assert finding.expected == "agentConnected is true"
    assert finding.observed == "agentConnected is false: i-2"
    assert finding.remedy.cli == (
        "aws ecs describe-container-instances --region us-west-2 --cluster prod"
        f" --container-instances {ARN}:container-instance/prod/2"
        " --query 'containerInstances[].[ec2InstanceId,agentConnected]'",
        *restart("i-2"),
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-introspection.html"
    )


def restart(*ids: str) -> tuple[str, str]:
    """Return the commands that restart agents."""
    names = " ".join(ids)
    return (
        "aws ssm send-command --region us-west-2 --document-name AWS-RunShellScript"
        f" --instance-ids {names} --parameters"
        """ 'commands=["docker stop ecs-agent","docker start ecs-agent"]'""",
        "# or without Systems Manager: aws ec2 reboot-instances --region us-west-2"
        f" --instance-ids {names}",
    )


@pytest.mark.parametrize(
    ("registered", "taken", "stale"),
    [
        (BEFORE, SAME_DAY, True),
        (BEFORE, NEXT_DAY, False),
        (BEFORE, "2026-01-01T22:01:00Z", True),
        (BEFORE, "2026-01-01T22:02:00Z", False),
        (AFTER, SAME_DAY, False),
        ("2026-01-01T09:01:30Z", SAME_DAY, True),
        ("2026-01-01T10:01:30+02:00", SAME_DAY, True),
        (None, SAME_DAY, False),
        ("yesterday", SAME_DAY, False),
        ("2026-01-01T08:00:00", SAME_DAY, False),
        (BEFORE, "now", False),
    ],
)
def test_who_registered_before_young_endpoints_may_be_stale(
    registered: str | None, taken: str, stale: bool
) -> None:
    """Agents keep where to poll for 12 hours; what time is not known is not judged."""
    snapshot = hosted(instance(registered=registered), endpoints=in_order(*ORDER), taken=taken)
    found = run_audits(scene(snapshot, EC2))
    assert heads(found) == ([(Code.AGENT_STALE, W, "prod")] if stale else [])


def test_one_line_names_the_stale_agents() -> None:
    """It says what the API cannot: whether the agent was restarted."""
    finding = only(
        hosted(
            instance(registered="2026-01-01T09:01:30Z"),
            instance("i-2", registered=AFTER),
            endpoints=in_order(*ORDER),
            taken=SAME_DAY,
        )
    )
    assert finding.summary == (
        "i-1 registered with cluster prod before the creation of vpce-ecs (ecs); an agent that "
        "has not been restarted since may stay on the public endpoints for 12 hours"
    )
    assert finding.expected == "agents started after the creation of vpce-ecs (ecs)"
    assert finding.observed == "registered before: i-1"
    assert finding.remedy.cli == restart("i-1")
    assert finding.remedy.terraform == (
        'resource "aws_ssm_association" "restart_ecs_agents" {\n'
        '  name       = "AWS-RunShellScript"\n'
        '  parameters = { commands = "docker stop ecs-agent && docker start ecs-agent" }\n'
        "  targets {\n"
        '    key    = "InstanceIds"\n'
        '    values = ["i-1"]\n'
        "  }\n"
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


def test_commands_take_fifty_instances_at_once() -> None:
    """SendCommand takes no more ids."""
    many = (instance(f"i-{n}", registered=BEFORE) for n in range(51))
    finding = only(hosted(*many, endpoints=in_order(*ORDER), taken=SAME_DAY))
    assert [line.count(" i-") for line in finding.remedy.cli] == [50, 1, 51]


def test_an_instance_without_ec2_id_is_restarted_by_hand() -> None:
    """Its ARN is all that is known of it."""
    far = replace(instance(registered=BEFORE), instance=None)
    finding = only(hosted(far, endpoints=in_order(*ORDER), taken=SAME_DAY))
    assert finding.observed == "registered before: 1"
    assert finding.remedy.cli == (
        "# on each container instance: sudo docker stop ecs-agent; sudo docker start ecs-agent",
    )


@pytest.mark.parametrize("order", [*permutations(ORDER)], ids=",".join)
def test_only_one_order_is_right_where_instances_exist(order: tuple[str, ...]) -> None:
    """R17: ecs-agent, ecs-telemetry, ecs."""
    snapshot = hosted(instance(registered=BEFORE), endpoints=in_order(*order), taken=NEXT_DAY)
    wrong = [(Code.ENDPOINT_ORDER, W, "vpce-ecs")]
    assert heads(run_audits(scene(snapshot, EC2))) == ([] if order == ORDER else wrong)


def test_an_instance_that_came_between_was_there() -> None:
    """It found one endpoint and not the others."""
    between = instance(registered="2026-01-01T09:01:30Z")
    finding = only(hosted(between, endpoints=in_order(*ORDER[::-1]), taken=NEXT_DAY))
    assert finding.code is Code.ENDPOINT_ORDER


@pytest.mark.parametrize(
    ("instances", "endpoints"),
    [
        ((), in_order(*ORDER[::-1])),
        ((instance(registered=AFTER),), in_order(*ORDER[::-1])),
        ((instance(registered=None),), in_order(*ORDER[::-1])),
        ((instance(registered=BEFORE),), created(ecs=TIMES[0], ecs_agent=TIMES[1])),
        ((instance(registered=BEFORE),), created(ecs=TIMES[0], ecs_agent="x", ecs_telemetry="")),
        (
            (instance(registered=BEFORE),),
            created(ecs=TIMES[0], ecs_agent=TIMES[0], ecs_telemetry=TIMES[0]),
        ),
    ],
    ids=["no instance", "all after", "no time", "two known", "no times", "at once"],
)
def test_order_is_not_judged_where_it_does_not_matter_or_is_not_known(
    instances: tuple[ContainerInstance, ...], endpoints: tuple[Endpoint, ...]
) -> None:
    """Instances that came later do not mind (R17); nor is what is not known held against anyone."""
    snapshot = hosted(*instances, endpoints=endpoints, taken=NEXT_DAY)
    assert run_audits(scene(snapshot, EC2)) == ()


def test_one_line_names_the_order() -> None:
    """Recreating is not needed: a restart is (R18)."""
    finding = only(
        hosted(
            instance(registered=BEFORE),
            endpoints=in_order("ecs", "ecs-agent", "ecs-telemetry"),
            taken=NEXT_DAY,
        )
    )
    assert finding.summary == (
        "while i-1 existed in cluster prod, the endpoints were created in the order ecs, "
        "ecs-agent, ecs-telemetry: AWS wants ecs-agent, ecs-telemetry, ecs"
    )
    assert finding.expected == "created in the order ecs-agent, ecs-telemetry, ecs"
    assert finding.observed == (
        "ecs (vpce-ecs) 2026-01-01T09:00:00Z; ecs-agent (vpce-ecs-agent) 2026-01-01T09:01:00Z; "
        "ecs-telemetry (vpce-ecs-telemetry) 2026-01-01T09:02:00Z"
    )
    assert finding.remedy.cli == restart("i-1")
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


BAD = instance(agent_version="1.0.0", agent_connected=False, registered=BEFORE)


def test_managed_instances_are_awss_to_care_for() -> None:
    """Nobody can log in to them."""
    snapshot = hosted(replace(BAD, managed=True), endpoints=in_order(*ORDER[::-1]), taken=SAME_DAY)
    assert run_audits(scene(snapshot, EC2)) == ()


def test_without_ec2_nobody_asks_for_agents() -> None:
    """Fargate tasks have none."""
    snapshot = hosted(BAD, endpoints=in_order(*ORDER[::-1]), taken=SAME_DAY)
    assert run_audits(scene(snapshot, FARGATE)) == ()


def test_without_a_cluster_nothing_is_said() -> None:
    """Nobody asked about one."""
    sight = scene(world(in_order(*ORDER[::-1])), EC2)
    assert (run_audits(sight), unseen(sight)) == ((), ())


def test_instances_that_could_not_be_read_leave_all_four_unknown() -> None:
    """Never green, and the missing permission is named."""
    snapshot = running(
        of_cluster={"instances": None},
        unreadable=refused("cluster.instances", "ecs:ListContainerInstances"),
    )
    assert unseen(scene(snapshot, EC2)) == tuple(
        Unseen(
            code=code,
            subject="prod",
            reason="container instances could not be read: missing permission "
            "ecs:ListContainerInstances",
            permissions=("ecs:ListContainerInstances",),
        )
        for code in AGENT_CODES
    )
    assert unseen(scene(replace(snapshot, emulated=True), EC2)) == ()


def test_a_cluster_that_could_not_be_read_leaves_its_codes_unknown() -> None:
    """Then the VPC is the subject: there is no cluster to name."""
    denied = refused("cluster", "ecs:DescribeClusters")
    told = unseen(scene(running(cluster=None, unreadable=denied), EC2))
    assert {each.code for each in told} >= set(AGENT_CODES)
    assert {(each.subject, each.reason) for each in told if each.code in AGENT_CODES} == {
        ("vpc-0abc", "the cluster could not be read: missing permission ecs:DescribeClusters")
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"agent_version": "1.25.0"}, Code.AGENT_TOO_OLD),
        ({"agent_connected": False}, Code.AGENT_DISCONNECTED),
        ({"registered": BEFORE}, Code.AGENT_STALE),
    ],
)
def test_a_finding_blocks_the_cells_in_which_its_agents_are_asked(
    changes: dict[str, Any], code: Code
) -> None:
    """Of the instances that it names, and only where a run asks any."""
    sick, well = instance(**changes), instance("i-2", subnet="subnet-b", registered=AFTER)
    snapshot = hosted(sick, well, taken=SAME_DAY, endpoints=in_order(*ORDER))

    def blocks(*subnets: str) -> tuple[Cell, ...]:
        asked = replace(scene(snapshot, EC2), agents=frozenset(subnets))
        (found,) = (each for each in run_audits(asked) if each.code is code)
        return found.blocks

    assert blocks("subnet-a", "subnet-b") == (Cell(Claim.AGENT, "subnet-a", "ecs-agent"),)
    assert blocks("subnet-b") == blocks() == ()


def test_what_blocks_a_path_of_the_agents_blocks_them() -> None:
    """Where instances are asked, and nowhere else: a missing endpoint is one break."""
    lacking = tuple(each for each in in_order(*ORDER) if not each.service_name.endswith(".ecs"))
    asked = replace(
        scene(hosted(instance(registered=AFTER), endpoints=lacking), EC2),
        agents=frozenset({"subnet-a"}),
    )
    (found,) = (each for each in run_audits(asked) if each.code is Code.ENDPOINT_MISSING)
    agents = [each for each in found.blocks if each.claim is Claim.AGENT]
    assert agents == [Cell(Claim.AGENT, "subnet-a", "ecs-agent")]
    assert {each.subnet for each in found.blocks} > {"subnet-a"}
