"""How ``tcp-443`` is judged, address by address."""

import asyncio
from dataclasses import replace

import pytest
from claim_worlds import (
    HERE,
    HUB,
    LAYERS,
    LOGS,
    LOGS_INTERFACE,
    NAT,
    RESOLVER,
    S3_ENDPOINT,
    S3_ROUTE,
    SUBNET,
    Recorded,
    answers,
    connected,
    group,
    https,
    snapshot,
    terms,
    view,
)

from pytest_ecs_privatelink.claims import tcp_443
from pytest_ecs_privatelink.claims.terms import Stand, Terms
from pytest_ecs_privatelink.probes.records import ConnectQuestion, ConnectStatus
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import GroupRule, SecurityGroup
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, LaunchType, Verdict

ADDRESS = "20.10.1.10"
CELL = Cell(Claim.TCP_443, SUBNET.id, "logs")


def prove(given: Terms, vantage: Recorded, stand: Stand = HERE) -> Check:
    """Judge the cell of logs from what ``vantage`` recorded."""
    return asyncio.run(tcp_443.prove(CELL, given, stand, vantage.ask))


def dialling(status: ConnectStatus, phase: str = "connect", detail: str = "") -> Recorded:
    """Return a vantage that resolves rightly and dials with this result."""
    return Recorded(answers(LOGS, ADDRESS), connected(ADDRESS, status, phase, detail))


def test_an_open_endpoint_passes() -> None:
    """A valid handshake at the endpoint's address is the proof."""
    check = prove(terms(snapshot()), dialling(ConnectStatus.OPEN, "tls"))
    assert (check.verdict, check.code, check.phase) == (Verdict.PASSED, None, "tls")
    assert check.observed == f"{ADDRESS}:443 ({LOGS}) open"


@pytest.mark.parametrize(
    ("status", "phase", "code", "words"),
    [
        (ConnectStatus.TIMEOUT, "connect", Code.TCP_TIMEOUT, "why"),
        (ConnectStatus.TIMEOUT, "tls", Code.TLS_HANDSHAKE, "why"),
        (ConnectStatus.REFUSED, "connect", Code.TCP_REFUSED, "connection refused: why"),
        (ConnectStatus.UNREACHABLE, "connect", Code.TCP_UNREACHABLE, "unreachable: why"),
        (ConnectStatus.RESET, "connect", Code.TCP_REFUSED, "reset during connect: why"),
        (ConnectStatus.RESET, "tls", Code.TLS_HANDSHAKE, "reset during tls: why"),
        (ConnectStatus.HANDSHAKE, "tls", Code.TLS_HANDSHAKE, "no TLS handshake: why"),
        (ConnectStatus.CERTIFICATE, "tls", Code.TLS_CERTIFICATE, "certificate refused: why"),
    ],
)
def test_every_way_to_break_has_its_code(
    status: ConnectStatus, phase: str, code: Code, words: str
) -> None:
    """Refused, timed out, unreachable, reset and untrusted are five different things."""
    check = prove(terms(snapshot()), dialling(status, phase, "why"))
    assert (check.verdict, check.code, check.phase) == (Verdict.FAILED, code, phase)
    assert check.observed == f"{ADDRESS}:443 ({LOGS}): {words}"


def test_a_local_fault_is_an_error() -> None:
    """A probe that this machine could not make says nothing about the endpoint."""
    check = prove(terms(snapshot()), dialling(ConnectStatus.FAILED, "connect", "too many files"))
    assert (check.verdict, check.code) == (Verdict.ERROR, None)
    assert check.reason == f"{ADDRESS}:443 ({LOGS}): could not be tried: too many files"


def test_nothing_is_dialled_where_private_dns_failed() -> None:
    """A name that leads astray is not followed: skipped with the code, and no packet sent."""
    vantage = Recorded(answers(LOGS, "3.3.3.3"))
    check = prove(terms(snapshot()), vantage)
    assert (check.verdict, check.code) == (Verdict.SKIPPED, Code.DNS_PUBLIC_ANSWER)
    assert check.reason == "private-dns failed: dns-public-answer"
    assert vantage.dialled == []


def test_a_public_path_that_works_is_warned_never_green() -> None:
    """Where NAT carries the call the path works, but it is not private (R3)."""
    read = snapshot(NAT, endpoints=(S3_ENDPOINT,))
    vantage = Recorded(answers(LOGS, "3.3.3.3"), connected("3.3.3.3"))
    check = prove(terms(read, egress=Egress.NAT), vantage)
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)


def test_one_dead_address_among_two_fails() -> None:
    """DNS alternates addresses: one that is dead breaks tasks now and then."""
    interface = snapshot().interfaces
    assert interface is not None
    read = snapshot(interfaces=(replace(interface[0], addresses=(ADDRESS, "20.10.1.11")),))
    dead = connected("20.10.1.11", ConnectStatus.TIMEOUT, "connect")
    vantage = Recorded(answers(LOGS, ADDRESS, "20.10.1.11"), connected(ADDRESS) | dead)
    check = prove(terms(read), vantage)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.TCP_TIMEOUT)
    assert check.observed.startswith("20.10.1.11:443")


ADMITS_TASKS = (group("sg-endpoints", https(group="sg-tasks")), group("sg-tasks"))
ADMITS_RUNNER = (group("sg-endpoints", https(group="sg-runner")), group("sg-tasks"))
ADMITS_RANGE = (group("sg-endpoints", https(cidr="20.10.0.0/16")), group("sg-tasks"))
TO_S3 = https(prefix_list="pl-s3")
ADMITS_NOBODY = (group("sg-endpoints"), group("sg-tasks"))


@pytest.mark.parametrize(
    ("groups", "tasks", "worn", "verdict"),
    [
        (ADMITS_TASKS, ("sg-tasks",), ("sg-runner",), Verdict.ERROR),
        (ADMITS_TASKS, ("sg-tasks",), None, Verdict.ERROR),
        (ADMITS_TASKS, None, ("sg-runner",), Verdict.ERROR),
        (ADMITS_TASKS, ("sg-tasks",), ("sg-tasks",), Verdict.FAILED),
        (ADMITS_NOBODY, ("sg-tasks",), ("sg-runner",), Verdict.FAILED),
        (ADMITS_NOBODY, None, ("sg-runner",), Verdict.FAILED),
    ],
)
def test_a_timeout_that_only_the_probers_groups_explain_is_an_error(
    groups: tuple[object, ...],
    tasks: tuple[str, ...] | None,
    worn: tuple[str, ...] | None,
    verdict: Verdict,
) -> None:
    """A timeout counts against the endpoint only if the tasks would meet it, too."""
    given = terms(snapshot(security_groups=groups), wearers={LaunchType.FARGATE: tasks})
    stand = Stand(label="local", groups=worn)
    check = prove(given, dialling(ConnectStatus.TIMEOUT), stand)
    assert check.verdict is verdict
    differs = verdict is Verdict.ERROR
    assert check.code is (Code.VANTAGE_GROUP_DIFFERS if differs else Code.TCP_TIMEOUT)


@pytest.mark.parametrize(
    ("groups", "tasks", "worn", "verdict"),
    [
        (ADMITS_RUNNER, ("sg-tasks",), ("sg-runner",), Verdict.ERROR),
        (ADMITS_RUNNER, ("sg-tasks",), None, Verdict.ERROR),
        (ADMITS_TASKS, ("sg-tasks",), ("sg-runner",), Verdict.PASSED),
        (ADMITS_RUNNER, None, ("sg-runner",), Verdict.ERROR),
        (ADMITS_RANGE, None, ("sg-runner",), Verdict.PASSED),
        (ADMITS_RANGE, ("sg-tasks",), ("sg-runner",), Verdict.PASSED),
        (ADMITS_RANGE, ("sg-typo",), ("sg-runner",), Verdict.ERROR),
        (ADMITS_RUNNER, ("sg-runner",), ("sg-runner",), Verdict.PASSED),
        (None, ("sg-tasks",), ("sg-runner",), Verdict.ERROR),
        (None, None, ("sg-runner",), Verdict.ERROR),
    ],
)
def test_an_open_443_counts_only_if_the_tasks_groups_pass_too(
    groups: tuple[SecurityGroup, ...] | None,
    tasks: tuple[str, ...] | None,
    worn: tuple[str, ...] | None,
    verdict: Verdict,
) -> None:
    """What only the prober's groups open is not green for the tasks."""
    given = terms(snapshot(security_groups=groups), wearers={LaunchType.FARGATE: tasks})
    check = prove(given, dialling(ConnectStatus.OPEN, "tls"), Stand(label="local", groups=worn))
    assert check.verdict is verdict
    assert check.code is (Code.VANTAGE_GROUP_DIFFERS if verdict is Verdict.ERROR else None)


@pytest.mark.parametrize(
    ("groups", "tasks", "worn", "reason"),
    [
        (
            ADMITS_RUNNER,
            ("sg-tasks",),
            ("sg-runner",),
            "443 is open for sg-runner, but Fargate tasks wear sg-tasks, "
            "whose rules do not get there: probe from their groups",
        ),
        (
            ADMITS_RUNNER,
            ("sg-tasks",),
            None,
            "443 is open for unknown groups, but Fargate tasks wear sg-tasks, "
            "whose rules do not get there: probe from their groups",
        ),
        (
            ADMITS_RUNNER,
            None,
            ("sg-runner",),
            "443 is open for sg-runner, but what Fargate tasks wear is unknown: "
            "name it with --ecs-security-group",
        ),
        (
            None,
            ("sg-tasks",),
            ("sg-runner",),
            "443 is open for sg-runner, but Fargate tasks wear sg-tasks, "
            "whose rules could not be read: probe from their groups",
        ),
        (
            ADMITS_RANGE,
            ("sg-tasks", "sg-typo"),
            ("sg-runner",),
            "443 is open for sg-runner, but Fargate tasks wear sg-tasks, sg-typo, "
            "of which sg-typo is not among the groups read",
        ),
    ],
)
def test_a_doubted_443_says_why(
    groups: tuple[SecurityGroup, ...] | None,
    tasks: tuple[str, ...] | None,
    worn: tuple[str, ...] | None,
    reason: str,
) -> None:
    """The reason names what the prober wears, what tasks wear, and what would help."""
    given = terms(snapshot(security_groups=groups), wearers={LaunchType.FARGATE: tasks})
    stand = Stand(label="local", groups=worn)
    assert prove(given, dialling(ConnectStatus.OPEN, "tls"), stand).reason == reason


def test_every_set_of_groups_that_tasks_wear_must_pass() -> None:
    """Where ECS services wear different groups, the open door of one proves nothing for others."""
    shut = SecurityGroup(id="sg-shut", vpc="vpc-1", name="shut", ingress=(), egress=())
    read = snapshot(security_groups=(*ADMITS_RANGE, group("sg-open"), shut))
    stand = Stand(label="lab:subnet", groups=("sg-tasks",))

    def judged(*others: str) -> Check:
        given = terms(read, others={LaunchType.FARGATE: tuple((each,) for each in others)})
        return prove(given, dialling(ConnectStatus.OPEN, "tls"), stand)

    assert judged("sg-open").verdict is Verdict.PASSED
    doubted = judged("sg-open", "sg-shut")
    assert (doubted.verdict, doubted.code) == (Verdict.ERROR, Code.VANTAGE_GROUP_DIFFERS)
    assert doubted.reason == (
        "443 is open for sg-tasks, but Fargate tasks wear sg-shut, whose rules do not get there: "
        "probe from their groups"
    )


@pytest.mark.parametrize(("egress", "verdict"), [((), Verdict.ERROR), ((TO_S3,), Verdict.PASSED)])
def test_beyond_the_endpoints_the_tasks_way_out_counts(
    egress: tuple[GroupRule, ...], verdict: Verdict
) -> None:
    """Layers come from S3's public addresses: tasks' groups must let them out (STORIES 1)."""
    tasks = SecurityGroup(id="sg-tasks", vpc="vpc-1", name="tasks", ingress=(), egress=egress)
    read = snapshot(S3_ROUTE, security_groups=(tasks, group("sg-runner")))
    vantage = Recorded(answers(LAYERS, "52.216.1.1"), connected("52.216.1.1"))
    stand = Stand(label="local", groups=("sg-runner",))
    cell = Cell(Claim.TCP_443, SUBNET.id, "s3")
    check = asyncio.run(tcp_443.prove(cell, terms(read), stand, vantage.ask))
    assert check.verdict is verdict


@pytest.mark.parametrize("status", [ConnectStatus.OPEN, ConnectStatus.TIMEOUT])
def test_ipv6_addresses_of_an_endpoint_are_weighed_alike(status: ConnectStatus) -> None:
    """A dual-stack endpoint's groups count for both of its addresses."""
    interface = replace(LOGS_INTERFACE, ipv6_addresses=("2600:1f18::10",))
    read = snapshot(interfaces=(interface,), security_groups=ADMITS_RUNNER)
    dialled = connected("2600:1f18::10", status, "connect")
    vantage = Recorded(answers(LOGS, "2600:1f18::10"), dialled)
    worn = ("sg-runner",) if status is ConnectStatus.OPEN else ("sg-other",)
    tasks = ("sg-tasks",) if status is ConnectStatus.OPEN else ("sg-runner",)
    out = (GroupRule(protocol="-1", cidr="::/0"),)
    runner = SecurityGroup(id="sg-runner", vpc="vpc-1", name="runner", ingress=(), egress=out)
    others = (*ADMITS_RUNNER, runner, group("sg-other"))
    given = terms(replace(read, security_groups=others), wearers={LaunchType.FARGATE: tasks})
    check = prove(given, vantage, Stand(label="local", groups=worn))
    assert (check.verdict, check.code) == (Verdict.ERROR, Code.VANTAGE_GROUP_DIFFERS)


def test_only_the_hosts_own_answers_are_dialled() -> None:
    """What only the VPC resolver says is not where this host's traffic goes."""
    split = view(None, LOGS, ADDRESS) | view(RESOLVER, LOGS, "3.3.3.3")
    vantage = Recorded(split, connected(ADDRESS))
    check = prove(terms(snapshot()), vantage)
    assert vantage.dialled == [ADDRESS]
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_RESOLVER_DIFFERS)


def test_the_user_is_told_how_to_name_the_tasks_groups() -> None:
    """Where nobody knows what tasks wear, the message names the option that says it."""
    given = terms(snapshot(security_groups=ADMITS_TASKS), wearers={})
    stand = Stand(label="local", groups=("sg-runner",))
    check = prove(given, dialling(ConnectStatus.TIMEOUT), stand)
    assert check.reason == (
        "the vantage wears sg-runner, what Fargate tasks wear is unknown: "
        "name it with --ecs-security-group"
    )


def test_silence_where_no_route_leads_is_a_missing_route() -> None:
    """A hub's address beyond the routes is not merely silent: the code names what is missing."""
    hub = "10.200.0.5"
    silent = Recorded(answers(LOGS, hub), connected(hub, ConnectStatus.TIMEOUT, "connect"))
    check = prove(terms(snapshot(endpoints=())), silent)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.ENDPOINT_ROUTE_MISSING)
    assert check.observed == f"{hub}:443 ({LOGS}): no answer in phase connect within 2.0 s"


BOTH, INSTANCES_ALONE = tuple(LaunchType), (LaunchType.EC2,)
DRESSED = {LaunchType.FARGATE: ("sg-tasks",), LaunchType.EC2: ("sg-instances",)}
OWN_GROUPS = Stand(label="lab:subnet-a", groups=("sg-instances", "sg-tasks"), wearers=dict(DRESSED))
TASKS_ONLY = Stand(label="local", groups=("sg-tasks",))


def needed_by(launch_types: tuple[LaunchType, ...], *admitted: str, **changes: object) -> Terms:
    """Return terms on which logs is needed by these; its endpoint admits groups by their ids."""
    rules = tuple(https(group=each) for each in admitted)
    groups = (group("sg-endpoints", *rules), group("sg-tasks"), group("sg-instances"))
    given = terms(snapshot(security_groups=groups), wearers=changes.get("wearers", DRESSED))
    logs, *others = given.services
    return replace(given, services=(replace(logs, launch_types=launch_types), *others))


@pytest.mark.parametrize(
    ("launch_types", "admitted", "stand", "verdict"),
    [
        (BOTH, ("sg-tasks", "sg-instances"), TASKS_ONLY, Verdict.PASSED),
        (BOTH, ("sg-tasks",), TASKS_ONLY, Verdict.ERROR),
        ((LaunchType.FARGATE,), ("sg-tasks",), TASKS_ONLY, Verdict.PASSED),
        (INSTANCES_ALONE, ("sg-tasks",), TASKS_ONLY, Verdict.ERROR),
        (INSTANCES_ALONE, ("sg-tasks", "sg-instances"), TASKS_ONLY, Verdict.PASSED),
        (BOTH, (), OWN_GROUPS, Verdict.PASSED),
    ],
)
def test_an_open_443_is_to_be_open_for_every_launch_type(
    launch_types: tuple[LaunchType, ...],
    admitted: tuple[str, ...],
    stand: Stand,
    verdict: Verdict,
) -> None:
    """What tasks reach proves nothing of container instances, unless rules say that they do too."""
    given = needed_by(launch_types, *admitted)
    assert prove(given, dialling(ConnectStatus.OPEN, "tls"), stand).verdict is verdict


@pytest.mark.parametrize(
    ("launch_types", "admitted", "stand", "verdict"),
    [
        (BOTH, ("sg-instances",), TASKS_ONLY, Verdict.FAILED),  # tasks are red, so the cell is
        (INSTANCES_ALONE, ("sg-instances",), TASKS_ONLY, Verdict.ERROR),
        (INSTANCES_ALONE, (), TASKS_ONLY, Verdict.FAILED),
        (INSTANCES_ALONE, ("sg-tasks",), TASKS_ONLY, Verdict.FAILED),
        (INSTANCES_ALONE, ("sg-instances",), OWN_GROUPS, Verdict.FAILED),
        (BOTH, ("sg-tasks",), OWN_GROUPS, Verdict.FAILED),
    ],
)
def test_a_timeout_counts_if_one_launch_type_meets_it(
    launch_types: tuple[LaunchType, ...],
    admitted: tuple[str, ...],
    stand: Stand,
    verdict: Verdict,
) -> None:
    """A cell fails with either of its launch types, and with no other's."""
    given = needed_by(launch_types, *admitted)
    assert prove(given, dialling(ConnectStatus.TIMEOUT), stand).verdict is verdict


def test_the_launch_type_in_doubt_is_named() -> None:
    """Who wears what, and which option says it, is told for the launch type that it is about."""
    wears = prove(needed_by(BOTH, "sg-tasks"), dialling(ConnectStatus.OPEN, "tls"), TASKS_ONLY)
    unknown = needed_by(BOTH, "sg-tasks", wearers={LaunchType.FARGATE: ("sg-tasks",)})
    asked = prove(unknown, dialling(ConnectStatus.OPEN, "tls"), TASKS_ONLY)
    silent = prove(
        needed_by(INSTANCES_ALONE, "sg-instances"), dialling(ConnectStatus.TIMEOUT), TASKS_ONLY
    )
    assert wears.reason == (
        "443 is open for sg-tasks, but container instances wear sg-instances, whose rules do not "
        "get there: probe from their groups"
    )
    assert asked.reason == (
        "443 is open for sg-tasks, but what container instances wear is unknown: "
        "name it with --ecs-instance-security-group"
    )
    assert silent.reason == (
        "the vantage wears sg-tasks, container instances wear sg-instances: probe from their groups"
    )


def test_both_claims_put_the_same_question() -> None:
    """A hub's address is dialled once for both claims, as everybody who needs the service."""
    hub = "10.200.0.5"
    vantage = Recorded(answers(LOGS, hub), connected(hub))
    given = replace(needed_by(BOTH), snapshot=snapshot(HUB, endpoints=()))
    prove(given, vantage, OWN_GROUPS)
    questions = [each for each in vantage.asked if isinstance(each, ConnectQuestion)]
    assert len(questions) == 2
    assert len(set(questions)) == 1
    assert questions[0].launch_types == BOTH
