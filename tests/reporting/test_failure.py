"""Failures and last lines, word for word."""

from dataclasses import replace

import example_runs as runs
import pytest

from pytest_ecs_privatelink.reporting.causes_text import Screen, render_causes
from pytest_ecs_privatelink.reporting.failure import (
    failure_text,
    last_line,
    nothing_proven,
    reason_in,
)
from pytest_ecs_privatelink.reporting.run import Run, count_cells
from pytest_ecs_privatelink.verdict import Basis, Cause, Claim, Code, Verdict

NAMES = {"subnet-1": "private-1"}
FAILED = next(each for each in runs.DEAD_ENDPOINT.checks if each.verdict is Verdict.FAILED)


def without_vantage() -> Run:
    """Return a run from outside the VPC: all cells skipped."""
    checks = tuple(
        replace(
            each,
            verdict=Verdict.SKIPPED,
            basis=Basis.DERIVED,
            vantage=None,
            reason="no vantage: this machine is not in the VPC",
        )
        for each in runs.GREEN.checks
    )
    subnets = tuple(replace(each, vantage=None) for each in runs.GREEN.subnets)
    cells = count_cells(checks, runs.GREEN.services)
    facts = replace(runs.GREEN.facts, cells=cells)
    return replace(runs.GREEN, checks=checks, subnets=subnets, facts=facts)


def test_a_failure_that_a_finding_explains() -> None:
    """The paragraph has what was observed and the finding; its commands stand in the causes."""
    assert failure_text(FAILED, runs.PENDING, NAMES) == (
        "tcp-timeout: 10.0.1.10:443: no answer to connect within 2.0 s\n"
        "  where: tcp-443 logs, in private-1 (subnet-1), probed by lab:subnet-1, phase connect\n"
        "  expected: every address of logs accepts TCP on 443\n"
        "  because: endpoint-not-available vpce-logs: the endpoint of logs is pending, not "
        "available."
    )


def test_a_failure_that_nothing_explains_says_what_to_look_at() -> None:
    """Without a finding the live code's own advice stands in."""
    assert failure_text(FAILED).splitlines()[1:] == [
        "  where: tcp-443 logs, in subnet-1, probed by lab:subnet-1, phase connect",
        "  expected: every address of logs accepts TCP on 443",
        "  look at: the endpoint's security group, the tasks' outbound rules, then network ACLs, "
        "then routes",
        "  see: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
        "resource-initialization-error.html",
    ]


def test_could_not_look_is_told_as_such() -> None:
    """An error without a code says that nothing was seen, and why."""
    blind = replace(
        FAILED, verdict=Verdict.ERROR, code=None, observed="unknown", reason="the vantage is gone"
    )
    assert failure_text(blind).splitlines() == [
        "could not look: the vantage is gone",
        "  where: tcp-443 logs, in subnet-1, probed by lab:subnet-1, phase connect",
        "  expected: every address of logs accepts TCP on 443",
        "  observed: unknown",
    ]


def test_a_failed_audit_names_its_subject_once() -> None:
    """An audit's own finding is not repeated as its reason."""
    audit = replace(
        FAILED,
        claim=Claim.AUDIT,
        subnet=None,
        service=None,
        subject="vpce-logs",
        vantage=None,
        phase=None,
        code=Code.ENDPOINT_NOT_AVAILABLE,
        expected="state available",
        observed="state pending",
    )
    assert failure_text(audit, runs.PENDING).splitlines()[:4] == [
        "endpoint-not-available: state pending",
        "  where: audit, subject vpce-logs",
        "  expected: state available",
        "  look: aws ec2 describe-vpc-endpoints --region eu-west-1 --vpc-endpoint-ids vpce-logs",
    ]


def test_a_cause_is_one_line_and_its_uncut_commands() -> None:
    """The line names cause, subject and reach; looking and mending are told apart."""
    mending = (
        "aws ec2 authorize-security-group-ingress --group-id sg-0ab1 --protocol tcp "
        "--port 443 --cidr 10.0.2.0/24 --region eu-west-1"
    )
    dead = runs.DEAD_SUBNET.causes[0]
    remedy = replace(dead.remedy, cli=(*dead.remedy.cli, mending))
    cause = replace(dead, summary="it is closed.", remedy=remedy)
    assert render_causes([cause]) == [
        "c1 tcp-timeout subnet-2: it is closed; explains 4 checks",
        "   look: aws ec2 describe-network-acls --network-acl-ids acl-subnet-2 --region eu-west-1",
        "   look: aws ec2 describe-security-groups --group-ids sg-0ab1 --region eu-west-1",
        "   mend: aws ec2 authorize-security-group-ingress --group-id sg-0ab1 --protocol tcp "
        "--port 443 --cidr 10.0.2.0/24 --region eu-west-1",
    ]


def test_a_verbose_cause_adds_terraform_and_the_page() -> None:
    """With -v what Terraform says stands below, aligned, then the reference."""
    held = replace(runs.PENDING, blocks=runs.column("logs"))
    run = runs.run_with(red=runs.column("logs"), findings=(held,))
    assert render_causes(run.causes, verbosity=1)[3:] == [
        "   terraform: aws_vpc_endpoint.logs:",
        "                private_dns_enabled = true",
        "   see: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    ]


def test_a_long_list_of_commands_is_cut_with_a_count() -> None:
    """Four commands stand there and the number of others; a verbose run has them all."""
    dead = runs.DEAD_SUBNET.causes[0]
    commands = tuple(f"aws ec2 describe-subnets --subnet-ids subnet-{i}" for i in range(6))
    cause = replace(dead, remedy=replace(dead.remedy, cli=commands))

    assert render_causes([cause])[4:] == [
        "   look: aws ec2 describe-subnets --subnet-ids subnet-3",
        "   2 more commands: -v shows all, --ecs-json FILE keeps them",
    ]
    assert len([each for each in render_causes([cause], verbosity=1) if "look: " in each]) == 6


def many(count: int) -> list[Cause]:
    """Return causes of one headline and one command each; the nth explains n checks."""
    dead = runs.DEAD_SUBNET.causes[0]
    remedy = replace(dead.remedy, cli=("aws ec2 describe-subnets",))
    ids = tuple(f"check-{i}" for i in range(count))
    return [replace(dead, id=f"c{n}", remedy=remedy, explains=ids[: n + 1]) for n in range(count)]


@pytest.mark.parametrize(
    ("rows", "width", "shown"),
    [(19, None, 9), (20, None, 10), (7, None, 3), (1, None, 1), (20, 40, 2)],
)
def test_causes_fill_at_most_a_screen(rows: int, width: int | None, shown: int) -> None:
    """What has no room is counted; a line counts as often as it wraps; the first stands always."""
    causes = many(10)

    lines = render_causes(causes, screen=Screen(rows, width))

    assert [line.split()[0] for line in lines if line.startswith("c")] == [
        each.id for each in causes[:shown]
    ]
    assert shown == 1 or Screen(rows, width).taken(lines) <= rows
    assert render_causes(causes, screen=Screen(rows, width), verbosity=1) == render_causes(
        causes, verbosity=1
    )


def test_causes_without_room_are_counted() -> None:
    """The last line says how many more there are, what they explain, and where they stand."""
    lines = [render_causes(many(count), screen=Screen(5))[-1] for count in (3, 4)]

    assert lines == [
        "1 more cause, which explains 3 checks: -v shows all, --ecs-json FILE keeps them",
        "2 more causes, which explain 7 checks: -v shows all, --ecs-json FILE keeps them",
    ]


def test_cells_of_one_break_have_the_same_reason() -> None:
    """The finding's line, or else the code with its advice, is what paragraphs are grouped by."""
    other = replace(FAILED, subnet="subnet-9", observed="10.0.9.9:443: nothing")
    refused = replace(FAILED, code=Code.TCP_REFUSED)

    assert reason_in(failure_text(FAILED)) == reason_in(failure_text(other))
    assert reason_in(failure_text(FAILED)) != reason_in(failure_text(refused))
    held = reason_in(failure_text(FAILED, runs.PENDING))
    assert held == reason_in(failure_text(refused, runs.PENDING))
    assert held != reason_in(failure_text(FAILED))


def test_a_cause_that_explains_nothing_probed_says_no_number() -> None:
    """An audit-only cause does not claim to explain zero checks."""
    cause = replace(runs.DEAD_SUBNET.causes[0], summary="it is closed.", explains=())
    assert render_causes([cause])[0] == "c1 tcp-timeout subnet-2: it is closed"


def test_last_line_of_a_green_run() -> None:
    """It says how much was probed and that every subnet could look."""
    assert last_line(runs.GREEN) == ("24 of 24 required cells probed; every subnet has a vantage")


def test_last_line_of_a_red_run_counts_causes() -> None:
    """Cells that were skipped behind a failure do not count as probed."""
    assert last_line(runs.UNNAMED_ENDPOINT) == (
        "21 of 24 required cells probed; every subnet has a vantage; 1 cause"
    )


def test_last_line_of_a_dry_run_says_so() -> None:
    """An emulated cloud under the packets is never told as proof."""
    checks = tuple(replace(each, basis=Basis.DRY) for each in runs.GREEN.checks)
    assert "24 of 24 required cells probed (dry)" in last_line(replace(runs.GREEN, checks=checks))


def test_nothing_proven_gives_the_reasons_and_the_blind_subnets() -> None:
    """A run that judged no cell says so first, then why, then where no vantage stands."""
    assert last_line(without_vantage()) == (
        "nothing was proven: no vantage: this machine is not in the VPC (24 cells); "
        "0 of 24 required cells probed; "
        "no vantage in private-1 (subnet-1), private-2 (subnet-2), private-3 (subnet-3)"
    )


def test_of_many_reasons_the_commonest_three_are_told() -> None:
    """Each host may have a reason of its own, and the last line stays one that is read."""
    run = without_vantage()
    checks = tuple(
        replace(check, reason=f"host {min(at // 4, 4)} is gone")
        for at, check in enumerate(run.checks)
    )
    assert nothing_proven(replace(run, checks=checks)) == (
        "nothing was proven: host 4 is gone (8 cells), host 0 is gone (4 cells), "
        "host 1 is gone (4 cells), and 2 other reasons"
    )


def test_an_audit_only_run_speaks_of_no_vantage() -> None:
    """Where nothing was to be probed, nobody needs to stand anywhere."""
    run = without_vantage()
    audits = tuple(replace(each, claim=Claim.AUDIT) for each in run.checks[:2])
    assert last_line(replace(run, checks=audits)) == "audits only: nothing was to be probed"


def test_something_judged_or_nothing_selected_is_not_nothing_proven() -> None:
    """One failed cell is a proof, and an audit-only run set out to prove nothing."""
    assert nothing_proven(runs.DEAD_ENDPOINT) is None
    assert nothing_proven(replace(runs.GREEN, checks=())) is None


def test_possible_services_are_not_required_cells() -> None:
    """Only what is required or assumed counts in the last line."""
    possible = tuple(replace(each, need="possible") for each in runs.GREEN.services[:1])
    counts = count_cells(runs.GREEN.checks, (*possible, *runs.GREEN.services[1:]))
    assert (counts.required, counts.probed) == (18, 18)
