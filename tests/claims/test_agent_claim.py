"""Claim ``agent`` on recorded answers: what an agent says, where it is sent, who sees it."""

from dataclasses import replace
from typing import Any

import pytest
from agent_worlds import (
    ACS,
    ADDRESSES,
    AFTER,
    BEFORE,
    CREATED,
    ECS,
    LOST,
    STAND,
    TCS,
    Instances,
    agent_terms,
    answered,
    connected_after,
    instance,
    proven,
    said,
    world,
)
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.catalogue.agents import is_numbered, version_of
from pytest_ecs_privatelink.claims.no_proxy import proxies_for
from pytest_ecs_privatelink.claims.terms import Stand, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import (
    Agent,
    AgentQuestion,
    ConnectionAnswer,
    ConnectionQuestion,
    Poll,
)
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link, Outcome
from pytest_ecs_privatelink.probes.records import ConnectStatus
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.verdict import Basis, Code, LaunchType, Verdict

PASSED, FAILED, WARNED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNED
SKIPPED, ERROR = Verdict.SKIPPED, Verdict.ERROR
REVERSED = dict(zip(reversed(CREATED), CREATED.values(), strict=True))
NEXT_WEEK = "2026-01-08T12:00:00Z"
NUMBERED = Poll(acs="ecs-a-4.us-east-1.amazonaws.com", tcs="ecs-t-4.us-east-1.amazonaws.com")


def test_an_agent_that_is_well_passes() -> None:
    """What it says of itself, what the API says of it, and where it is sent, in one sentence."""
    check = proven()
    assert (check.verdict, check.code, check.basis) == (PASSED, None, Basis.PROBED)
    assert check.id == "agent[private-a-ecs-agent]"
    assert check.launch_types == (LaunchType.EC2,)
    assert check.expected == (
        "agents are 1.25.1 or later, connected, started after the ecs endpoints were created, and "
        f"sent to {ACS} and {TCS}"
    )
    assert check.observed == (
        f"i-1: agent 1.90.0, started 2026-01-01T10:00:00Z, sent to {ACS} and {TCS}, connected"
    )


def test_the_host_is_asked_with_what_the_snapshot_knows() -> None:
    """One question for each instance that can be asked; one look at the ECS API for each."""
    hosts = Instances()
    proven(hosts, agent_terms(world(instance("i-1"), instance("i-2"), instance("i-3"))))

    asked = [each for each in hosts.asked if isinstance(each, AgentQuestion)]
    assert [each.instance for each in asked] == ["i-1", "i-2"]
    assert asked[0].container_instance == instance("i-1").arn
    assert (asked[0].ecs, asked[0].region, asked[0].timeout) == (ECS, "us-east-1", 5.0)
    looks = [each for each in hosts.asked if isinstance(each, ConnectionQuestion)]
    assert [each.patience for each in looks] == [0.0, 0.0]


ROWS: list[Any] = [
    pytest.param(
        {"agent": None, "silence": "Connection refused"},
        FAILED,
        Code.AGENT_DISCONNECTED,
        "i-1: no agent answers on port 51678: Connection refused",
        id="silent",
    ),
    pytest.param(
        {"agent": said(container_instance=None)},
        FAILED,
        Code.AGENT_DISCONNECTED,
        "i-1: its agent has not registered with any cluster",
        id="unregistered",
    ),
    pytest.param(
        {"agent": Agent(started_unknown="HTTP 404")},
        ERROR,
        None,
        "i-1: what answers on port 51678 is no agent: HTTP 404",
        id="no agent",
    ),
    pytest.param(
        {"agent": said("i-9")},
        ERROR,
        None,
        f"i-1: another machine answered: its agent is {said('i-9').container_instance}",
        id="other instance",
    ),
    pytest.param(
        {"agent": said(cluster="stage")},
        ERROR,
        None,
        "i-1: another machine answered: its agent is in cluster stage",
        id="other cluster",
    ),
    pytest.param(
        {"agent": said(version="1.25.0")},
        FAILED,
        Code.AGENT_TOO_OLD,
        "i-1: agent 1.25.0 is older than 1.25.1",
        id="too old",
    ),
    pytest.param(
        {"poll": Poll(acs=ACS)},
        ERROR,
        None,
        f"i-1: DiscoverPollEndpoint named {ACS} only",
        id="half a poll",
    ),
    pytest.param({"poll": Poll()}, ERROR, None, "named no host only", id="no poll"),
    pytest.param(
        {"poll": NUMBERED},
        FAILED,
        Code.AGENT_PUBLIC_PATH,
        f"i-1: DiscoverPollEndpoint sends its agent to {NUMBERED.acs} and {NUMBERED.tcs}: the call "
        "did not go through the ecs endpoint",
        id="numbered",
    ),
    pytest.param(
        {"agent": said(proxies=("HTTPS_PROXY=http://proxy:3128", "NO_PROXY=169.254.169.254"))},
        WARNED,
        Code.AGENT_PUBLIC_PATH,
        "i-1: its agent has HTTPS_PROXY=http://proxy:3128 and no NO_PROXY for "
        "ecs.us-east-1.amazonaws.com: it calls by that proxy",
        id="proxy",
    ),
    pytest.param(
        {
            "agent": said(proxies=("HTTP_PROXY=http://proxy:3128",)),
            "poll": NUMBERED,
        },
        FAILED,
        Code.AGENT_PUBLIC_PATH,
        "; its agent has HTTP_PROXY=http://proxy:3128 and no NO_PROXY for "
        "ecs.us-east-1.amazonaws.com",
        id="numbered by a proxy",
    ),
]


@pytest.mark.parametrize(("changes", "verdict", "code", "observed"), ROWS)
def test_what_an_agent_says_is_judged(
    changes: dict[str, Any], verdict: Verdict, code: Code | None, observed: str
) -> None:
    """Verdict, code and words; what could not be looked at has its reason."""
    check = proven(answered(**changes))
    assert (check.verdict, check.code) == (verdict, code)
    assert observed in check.observed
    assert check.subject == "i-1"
    assert (check.reason is None) == (verdict is not ERROR)


@pytest.mark.parametrize(
    ("egress", "require_private", "verdict"),
    [
        (Egress.NAT, False, WARNED),
        (Egress.NAT, True, FAILED),
        (Egress.NONE, False, FAILED),
    ],
)
def test_the_public_way_is_a_warning_where_it_works(
    egress: Egress, require_private: bool, verdict: Verdict
) -> None:
    """As for every public path (DESIGN 5): unless somebody asked for the private one."""
    terms = agent_terms(egress=egress, require_private=require_private)
    check = proven(answered(poll=NUMBERED), terms)
    assert (check.verdict, check.code) == (verdict, Code.AGENT_PUBLIC_PATH)


OLD = instance(registered=BEFORE)


@pytest.mark.parametrize(
    ("started", "world_of", "verdict", "code", "observed"),
    [
        (
            BEFORE,
            {},
            FAILED,
            Code.AGENT_STALE,
            "i-1: its agent was started 2026-01-01T08:00:00Z, before the creation of "
            "vpce-ecs-agent (ecs-agent, 2026-01-01T09:00:00Z), vpce-ecs-telemetry "
            "(ecs-telemetry, 2026-01-01T09:01:00Z), vpce-ecs (ecs, 2026-01-01T09:02:00Z)",
        ),
        (AFTER, {}, PASSED, None, "started 2026-01-01T10:00:00Z"),
        (BEFORE, {"taken": NEXT_WEEK}, PASSED, None, "started 2026-01-01T08:00:00Z"),
        (BEFORE, {"created": {}}, PASSED, None, "started 2026-01-01T08:00:00Z"),
        (
            BEFORE,
            {"taken": NEXT_WEEK, "created": REVERSED},
            WARNED,
            Code.ENDPOINT_ORDER,
            "i-1: its agent was started 2026-01-01T08:00:00Z, while the endpoints were created in "
            "the order ecs, ecs-telemetry, ecs-agent",
        ),
        (AFTER, {"taken": NEXT_WEEK, "created": REVERSED}, PASSED, None, "started"),
        (None, {}, ERROR, None, "i-1: when its agent was started is unknown: nobody knows"),
        (None, {"created": {}}, PASSED, None, "start unknown (nobody knows)"),
        (None, {"taken": NEXT_WEEK}, PASSED, None, "start unknown (nobody knows)"),
    ],
)
def test_the_start_is_held_against_the_endpoints(
    started: str | None,
    world_of: dict[str, Any],
    verdict: Verdict,
    code: Code | None,
    observed: str,
) -> None:
    """A restart clears what registration alone made suspect; unknown matters while they are young.

    The order matters however long ago it was (R17, R18).
    """
    agent = said(started=started, started_unknown="" if started else "nobody knows")
    check = proven(answered(agent=agent), agent_terms(world(OLD, **world_of)))
    assert (check.verdict, check.code) == (verdict, code)
    assert observed in check.observed


def test_who_registered_after_the_endpoints_has_asked_since() -> None:
    """An agent asks where to poll once it has registered: its start before is no harm."""
    check = proven(answered(agent=said(started=BEFORE)))
    assert check.verdict is PASSED
    unknown = said(started=None, started_unknown="x")
    assert proven(answered(agent=unknown)).verdict is PASSED


def test_an_unknown_start_is_no_error_where_something_failed() -> None:
    """What failed is told; what could not be seen besides helps nobody."""
    agent = said(started=None, started_unknown="x", version="1.0.0")
    check = proven(answered(agent=agent), agent_terms(world(OLD)))
    assert (check.verdict, check.code) == (FAILED, Code.AGENT_TOO_OLD)


def test_a_version_that_the_agent_hides_is_the_apis() -> None:
    """Where neither tells it, nobody says that it will do."""
    silent = answered(agent=said(version=None))
    assert "agent 1.90.0" in proven(silent).observed
    old = agent_terms(world(instance(agent_version="1.25.0")))
    assert proven(silent, old).code is Code.AGENT_TOO_OLD
    check = proven(silent, agent_terms(world(instance(agent_version=None))))
    assert (check.verdict, check.observed) == (ERROR, "i-1: the version of its agent is unknown")


def test_a_disconnected_agent_is_polled_for_minutes() -> None:
    """One look is none; 24 timeouts without it are a failure."""
    hosts = Instances(connection=connected_after(100))
    check = proven(hosts)
    assert (check.verdict, check.code) == (FAILED, Code.AGENT_DISCONNECTED)
    assert check.observed == "i-1: agentConnected stayed false for 120 s (25 looks)"
    looks = [each for each in hosts.asked if isinstance(each, ConnectionQuestion)]
    assert [(each.patience, each.interval) for each in looks] == [(0.0, 5.0), (120.0, 5.0)]


def test_an_agent_that_comes_back_passes_with_a_note() -> None:
    """Agents flap several times an hour."""
    check = proven(Instances(connection=connected_after(3)))
    assert check.verdict is PASSED
    assert check.observed.endswith(", connected again after 10 s (agents flap)")


def test_who_failed_already_is_not_waited_for() -> None:
    """Two minutes more would change nothing."""
    hosts = Instances({"i-1": answered(agent=None, silence="x")}, connection=lambda _: LOST)
    check = proven(hosts)
    assert check.observed == "i-1: no agent answers on port 51678: x"
    assert sum(isinstance(each, ConnectionQuestion) for each in hosts.asked) == 1


@pytest.mark.parametrize(
    ("connected", "verdict", "code", "observed"),
    [
        (
            True,
            PASSED,
            None,
            ", connected when read at 2026-01-01T12:00:00Z (not polled: AccessDenied)",
        ),
        (
            False,
            WARNED,
            Code.AGENT_DISCONNECTED,
            "i-1: not connected when read at 2026-01-01T12:00:00Z (not polled: AccessDenied)",
        ),
    ],
)
def test_where_nobody_may_poll_the_snapshot_stands(
    connected: bool, verdict: Verdict, code: Code | None, observed: str
) -> None:
    """With the reason why it was not polled: never more than was seen."""
    hosts = Instances(connection=lambda _: ConnectionAnswer(connected=None, unknown="AccessDenied"))
    check = proven(hosts, agent_terms(world(instance(agent_connected=connected))))
    assert (check.verdict, check.code) == (verdict, code)
    assert check.observed.endswith(observed)


def ended(status: CallStatus, phase: str = "request", **more: Any) -> Instances:  # noqa: ANN401 - fields of Outcome
    """Return i-1 whose call to the ECS API ended so."""
    outcome = Outcome(
        status=status, link=Link.POLL, phase=phase, action="ecs:DiscoverPollEndpoint", **more
    )
    return Instances({"i-1": answered(outcome=outcome, poll=None, hops=())})


@pytest.mark.parametrize(
    ("status", "phase", "code"),
    [
        (CallStatus.UNRESOLVED, "resolve", Code.DNS_NXDOMAIN),
        (CallStatus.TIMEOUT, "resolve", Code.DNS_TIMEOUT),
        (CallStatus.TIMEOUT, "connect", Code.TCP_TIMEOUT),
        (CallStatus.TIMEOUT, "tls", Code.TLS_HANDSHAKE),
        (CallStatus.REFUSED, "connect", Code.TCP_REFUSED),
        (CallStatus.RESET, "connect", Code.TCP_REFUSED),
        (CallStatus.RESET, "tls", Code.TLS_HANDSHAKE),
        (CallStatus.UNREACHABLE, "connect", Code.TCP_UNREACHABLE),
        (CallStatus.TLS, "tls", Code.TLS_CERTIFICATE),
        (CallStatus.UNEXPECTED, "request", Code.DNS_FOREIGN_ANSWER),
    ],
)
def test_a_broken_call_is_told_by_the_paths_codes(
    status: CallStatus, phase: str, code: Code
) -> None:
    """Where the path's own cells saw nothing of it."""
    check = proven(ended(status, phase))
    assert (check.verdict, check.code) == (FAILED, code)
    assert check.observed.startswith("i-1: DiscoverPollEndpoint: poll endpoint: ")


@pytest.mark.parametrize(
    ("status", "more", "verdict", "code"),
    [
        (CallStatus.DENIED, {"denied_by": Denier.IDENTITY}, SKIPPED, None),
        (CallStatus.DENIED, {"denied_by": Denier.UNSAID}, SKIPPED, None),
        (CallStatus.DENIED, {"denied_by": Denier.ORGANIZATION}, SKIPPED, None),
        (
            CallStatus.DENIED,
            {"denied_by": Denier.ENDPOINT_POLICY},
            FAILED,
            Code.ENDPOINT_POLICY_DENIES,
        ),
        (CallStatus.THROTTLED, {}, ERROR, None),
        (CallStatus.EXPIRED, {}, ERROR, None),
        (CallStatus.FAILED, {}, ERROR, None),
        (CallStatus.EXPIRED, {"phase": "credentials"}, SKIPPED, None),
    ],
)
def test_what_the_api_refuses_is_no_path(
    status: CallStatus, more: dict[str, Any], verdict: Verdict, code: Code | None
) -> None:
    """Its own word proves the way; an endpoint policy starves the agent."""
    check = proven(ended(status, **more))
    assert (check.verdict, check.code) == (verdict, code)
    assert (check.reason is None) == (verdict is FAILED)


def test_without_a_role_the_reason_is_told_unless_something_failed() -> None:
    """Nothing proven is never green, and what failed says more."""
    nobody = ended(CallStatus.EXPIRED, "credentials", detail="no IAM role is attached")
    check = proven(nobody)
    assert check.reason == "i-1: DiscoverPollEndpoint was not called: no IAM role is attached"
    old = {"i-1": replace(nobody.answers["i-1"], agent=said(version="1.0.0"))}  # type: ignore[type-var] # an answer
    assert proven(Instances(old)).code is Code.AGENT_TOO_OLD


def test_a_path_that_broke_the_call_gives_its_code() -> None:
    """One break, one code: what the cells of ``ecs`` saw is what the agent meets."""
    broken = replace(
        ended(CallStatus.UNREACHABLE, "connect"), connects={ADDRESSES["ecs"]: ConnectStatus.TIMEOUT}
    )
    check = proven(broken)
    assert (check.verdict, check.code) == (FAILED, Code.TCP_TIMEOUT)
    assert "tcp-443 of ecs" not in check.observed
    public = replace(ended(CallStatus.UNREACHABLE, "connect"), dns={ECS: ("3.3.3.3",)})
    assert proven(public).code is Code.DNS_PUBLIC_ANSWER


@pytest.mark.parametrize(
    ("hosts", "verdict", "code", "observed"),
    [
        (
            Instances(connects={ADDRESSES["ecs-agent"]: ConnectStatus.TIMEOUT}),
            FAILED,
            Code.TCP_TIMEOUT,
            "tcp-443 of ecs-agent failed: ",
        ),
        (
            Instances(dns={TCS: ()}),
            FAILED,
            Code.DNS_NXDOMAIN,
            "private-dns of ecs-telemetry failed: ",
        ),
        (Instances(dns={ACS: ("10.99.0.1",)}), WARNED, Code.DNS_FOREIGN_ANSWER, "of ecs-agent"),
    ],
)
def test_where_the_agent_is_sent_has_to_be_reached(
    hosts: Instances, verdict: Verdict, code: Code, observed: str
) -> None:
    """A call that works proves one of three ways."""
    check = proven(hosts)
    assert (check.verdict, check.code) == (verdict, code)
    assert observed in check.observed


def test_a_host_that_the_catalogue_lacks_is_tried() -> None:
    """An un-numbered name that the API gives is resolved and dialled like the known ones."""
    hosts = Instances(
        {"i-1": answered(poll=Poll(acs="ecs-a.us-east-1.api.aws", tcs=TCS))},
        dns={"ecs-a.us-east-1.api.aws": (ADDRESSES["ecs-agent"],)},
    )
    assert proven(hosts).verdict is PASSED
    check = proven(replace(hosts, dns={}))
    assert (check.verdict, check.code) == (FAILED, Code.DNS_NXDOMAIN)


def test_numbered_hosts_are_not_dialled() -> None:
    """They are public: nothing is sent there."""
    hosts = Instances({"i-1": answered(poll=NUMBERED)})
    proven(hosts)
    assert not [each for each in hosts.asked if getattr(each, "name", "") == NUMBERED.acs]


def test_each_instance_is_judged_and_the_worst_wins() -> None:
    """A host that cannot be asked is an error of its own, and no other's."""
    both = agent_terms(world(instance("i-1"), instance("i-2")))
    lost = Instances({"i-1": VantageError("ssh i-1: no answer within 60 s")})
    check = proven(lost, both)
    assert (check.verdict, check.observed) == (ERROR, "i-1: ssh i-1: no answer within 60 s")
    silent = replace(lost, answers={**lost.answers, "i-2": answered("i-2", agent=None)})
    check = proven(silent, both)
    assert (check.verdict, check.subject) == (FAILED, "i-2")


def test_the_subject_are_all_instances_that_failed_alike() -> None:
    """So that a cause can name them, and a command mend them."""
    both = agent_terms(world(instance("i-1"), instance("i-2")))
    silent = {each: answered(each, agent=None, silence="x") for each in ("i-1", "i-2")}
    assert proven(Instances(silent), both).subject == "i-1, i-2"


@pytest.mark.parametrize(
    ("changes", "verdict", "code", "observed"),
    [
        ({}, PASSED, None, "i-1: agent 1.90.0"),
        ({"agent_version": "1.25.0"}, FAILED, Code.AGENT_TOO_OLD, "i-3: agent 1.25.0 is older"),
        (
            {"registered": BEFORE},
            WARNED,
            Code.AGENT_STALE,
            "i-3: registered 2026-01-01T08:00:00Z, before the creation of vpce-ecs-agent, "
            "vpce-ecs-telemetry, vpce-ecs; it could not be asked itself",
        ),
    ],
)
def test_who_cannot_be_asked_is_judged_by_the_api(
    changes: dict[str, Any], verdict: Verdict, code: Code | None, observed: str
) -> None:
    """A green cell clears findings about its instances: none of them may be suspect still."""
    terms = agent_terms(world(instance("i-1"), instance("i-3", **changes)))
    check = proven(None, terms)
    assert (check.verdict, check.code) == (verdict, code)
    assert observed in check.observed
    assert check.observed.endswith("; not asked itself: i-3") is verdict.holds


@pytest.mark.parametrize(
    ("stand", "terms", "reason"),
    [
        (
            replace(STAND, instances=()),
            agent_terms(),
            "the vantage is no container instance: --ecs-connect asks the instances themselves",
        ),
        (
            STAND,
            agent_terms(world(instance("i-3"))),
            "no container instance of prod that stands there can be asked",
        ),
        (
            STAND,
            agent_terms(world(instance(managed=True))),
            "no container instance of prod that stands there can be asked",
        ),
    ],
)
def test_where_nobody_can_be_asked_the_cell_is_skipped(
    stand: Stand, terms: Terms, reason: str
) -> None:
    """With what would help, and not as probed."""
    hosts = Instances()
    check = proven(hosts, terms, stand)
    assert (check.verdict, check.basis, check.reason) == (SKIPPED, Basis.DERIVED, reason)
    assert hosts.asked == []


@given(st.tuples(*[st.integers(0, 300)] * 3), st.sampled_from(("", "v")))
def test_versions_are_compared_as_numbers(numbers: tuple[int, ...], mark: str) -> None:
    """Whatever an agent says, 1.9 is older than 1.25."""
    version = f"{mark}{'.'.join(map(str, numbers))}"
    assert version_of(version) == numbers
    check = proven(answered(agent=said(version=version)))
    assert (check.code is Code.AGENT_TOO_OLD) == (numbers < (1, 25, 1))


@given(st.sampled_from(("a", "t")), st.integers(0, 10**6), st.sampled_from(("us-east-1", "x-2")))
def test_only_a_number_makes_a_fleet(kind: str, number: int, region: str) -> None:
    """``ecs-a.REGION`` is an endpoint's name, ``ecs-a-4.REGION`` a public fleet's."""
    assert is_numbered(f"ecs-{kind}-{number}.{region}.amazonaws.com")
    assert not is_numbered(f"ecs-{kind}.{region}.amazonaws.com")
    assert not is_numbered(f"x.ecs-{kind}-{number}.{region}.amazonaws.com")


@pytest.mark.parametrize(
    ("spared", "by_proxy"),
    [
        ("", True),
        ("169.254.169.254,/var/run/docker.sock", True),
        ("ecs.us-east-1.amazonaws.com", False),
        ("ECS.us-east-1.amazonaws.com:443", False),
        ("ecs.us-east-1.amazonaws.com:80", True),
        ("x, .amazonaws.com ", False),
        ("*.amazonaws.com", False),
        ("amazonaws.com", False),
        ("azonaws.com", True),
        ("us-east-1", True),
        ("*", False),
        (".ecs.us-east-1.amazonaws.com", True),
    ],
)
def test_no_proxy_is_read_as_agents_do(spared: str, by_proxy: bool) -> None:
    """Names, domains and ports as Go's net/http matches them; addresses spare no name."""
    proxy = "HTTPS_PROXY=http://proxy:3128"
    found = proxies_for(ECS, (proxy, f"NO_PROXY={spared}"))
    assert found == ((proxy,) if by_proxy else ())
