"""What explains red agents: their own finding, their path's cause, or their live code."""

from dataclasses import replace

import pytest
import red_worlds as world

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import ServiceGround
from pytest_ecs_privatelink.diagnosis.live_agent import LIVE_AGENT
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, Finding, Severity, Verdict

DNS = Claim.PRIVATE_DNS
SERVICES = ("ecs", "ecs-agent", "ecs-telemetry")
CELLS = tuple(Cell(Claim.AGENT, subnet, "ecs-agent") for subnet in world.SUBNETS)
GROUND = replace(
    world.ground(),
    services=tuple(ServiceGround(service=each, endpoint=f"vpce-{each}") for each in SERVICES),
)
FAILED, WARNED, PASSED = Verdict.FAILED, Verdict.WARNED, Verdict.PASSED


def agents(verdict: Verdict, code: Code | None, number: int = 3) -> tuple[Check, ...]:
    """Return the agent cells, the first ``number`` of them with this verdict."""
    return tuple(
        replace(
            world.check(cell, verdict if at < number else PASSED, code if at < number else None),
            subject=f"i-{at}",
        )
        for at, cell in enumerate(CELLS)
    )


def paths(service: str, verdict: Verdict, code: Code | None) -> tuple[Check, ...]:
    """Return ``private-dns`` of one of the three, alike in all subnets."""
    return tuple(world.check(Cell(DNS, subnet, service), verdict, code) for subnet in world.SUBNETS)


def held(code: Code, severity: Severity = Severity.WARNING) -> Finding:
    """Return the finding of the cluster's agents."""
    return world.finding(code, "prod", CELLS, severity)


@pytest.mark.parametrize(
    ("verdict", "severity"), [(FAILED, Severity.ERROR), (WARNED, Severity.WARNING)]
)
def test_a_live_red_makes_the_finding_the_cause(verdict: Verdict, severity: Severity) -> None:
    """With the finding's remedy, and as grave as what was met."""
    finding = held(Code.AGENT_STALE)
    red = (*agents(verdict, Code.AGENT_STALE), world.audit(finding, WARNED))
    (cause,) = rank_causes(red, (finding,), GROUND)
    assert (cause.code, cause.subject, cause.severity) == (Code.AGENT_STALE, "prod", severity)
    assert cause.remedy == finding.remedy
    assert len(cause.explains) == 4


def test_a_live_green_leaves_no_cause() -> None:
    """A restarted agent is well, whenever it registered."""
    finding = held(Code.AGENT_STALE)
    green = (*agents(PASSED, None), world.audit(finding, PASSED))
    assert rank_causes(green, (finding,), GROUND) == ()


def test_a_finding_explains_its_own_code_only() -> None:
    """A stale agent is not red because endpoints were made in another order."""
    findings = (held(Code.ENDPOINT_ORDER), held(Code.AGENT_STALE))
    (cause,) = rank_causes(agents(FAILED, Code.AGENT_STALE), findings, GROUND)
    assert cause.code is Code.AGENT_STALE


@pytest.mark.parametrize("verdict", [FAILED, WARNED])
@pytest.mark.parametrize("service", SERVICES)
def test_agents_follow_their_paths(service: str, verdict: Verdict) -> None:
    """A missing endpoint is one cause, however many agents go that way."""
    missing = world.finding(
        Code.ENDPOINT_MISSING,
        service,
        (*(Cell(DNS, subnet, service) for subnet in world.SUBNETS), *CELLS),
    )
    red = (
        *paths(service, verdict, Code.DNS_PUBLIC_ANSWER),
        *agents(verdict, Code.DNS_PUBLIC_ANSWER),
    )
    for findings, code in (((missing,), Code.ENDPOINT_MISSING), ((), Code.DNS_PUBLIC_ANSWER)):
        (cause,) = rank_causes(red, findings, GROUND)
        assert (cause.code, len(cause.explains)) == (code, 6)


def test_the_public_path_follows_the_way_to_the_api() -> None:
    """Where the name of ecs is public, that is why agents are sent to public hosts."""
    red = (
        *paths("ecs", WARNED, Code.DNS_PUBLIC_ANSWER),
        *agents(WARNED, Code.AGENT_PUBLIC_PATH),
    )
    (cause,) = rank_causes(red, (), GROUND)
    assert (cause.code, len(cause.explains)) == (Code.DNS_PUBLIC_ANSWER, 6)


@pytest.mark.parametrize("code", LIVE_AGENT)
def test_what_no_finding_knows_is_a_cause_of_its_own(code: Code) -> None:
    """All agents alike are one, and the instances are named, as are they in commands."""
    (cause,) = rank_causes(agents(FAILED, code), (), GROUND)
    assert (cause.code, cause.severity, cause.reference) == (code, Severity.ERROR, PAGES[code])
    assert (cause.subject, len(cause.explains)) == ("vpc-1", 3)
    sent = [each for each in cause.remedy.cli if "send-command" in each]
    assert all("--instance-ids i-0 i-1 i-2 " in each for each in sent)
    assert bool(sent) == (code is not Code.AGENT_PUBLIC_PATH)


def test_the_public_path_of_some_names_them_and_where_to_look() -> None:
    """The name of ecs, then proxies; the endpoint that was not taken is the API's."""
    (cause,) = rank_causes(agents(FAILED, Code.AGENT_PUBLIC_PATH, 1), (), GROUND)
    assert cause.subject == "subnet-a"
    assert cause.summary == (
        "the agents of i-0 in private-a reach the ECS API by the public way; look at what the name "
        "of ecs resolves to there, then at the proxies in /etc/ecs/ecs.config, whose NO_PROXY has "
        "to name it"
    )
    assert cause.remedy.cli == (
        "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids vpce-ecs --region eu-west-1",
    )


def test_a_silent_agent_is_started() -> None:
    """Nothing but the live code says so where the API thinks that it is connected."""
    (cause,) = rank_causes(agents(FAILED, Code.AGENT_DISCONNECTED, 1), (), GROUND)
    assert cause.remedy.cli == (
        "aws ssm send-command --document-name AWS-RunShellScript --instance-ids i-0 "
        "--parameters 'commands=[\"systemctl start ecs\"]' --region eu-west-1",
    )
