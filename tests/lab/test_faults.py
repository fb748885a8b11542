"""The table of faults: complete, listed, consistent with its own expectations."""

import pytest

from pytest_ecs_privatelink.audits.register import audited_codes
from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.lab.expectations import (
    ended,
    outcome,
    public_but_working,
    unconnected,
    unresolved,
)
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault, describe
from pytest_ecs_privatelink.lab.twin_faults import TWIN_CODES, TwinFault
from pytest_ecs_privatelink.lab.world import INTERFACE_SERVICES, SUBNET_CIDRS
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Claim, Code, LaunchType, Verdict

SERVICES = (*INTERFACE_SERVICES, "s3")
CELLS = [
    (claim, subnet, service)
    for subnet in SUBNET_CIDRS
    for claim, service in (
        *((claim, service) for claim in PATH_CLAIMS for service in SERVICES),
        *CHAINS,
        *((Claim.TASK_START, str(kind)) for kind in LaunchType),
    )
]
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))


def test_the_list_is_aligned_and_complete() -> None:
    """``--ecs-fault list`` has one line per fault, its summaries in one column."""
    lines = describe().splitlines()

    assert [line.split()[0] for line in lines] == list(FAULTS)
    column = max(map(len, FAULTS)) + 2
    assert lines[0] == "endpoint-missing".ljust(column) + "no endpoint for logs, and no way out"
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert all(len(line) <= 120 for line in lines)


@every_fault
def test_a_fault_does_something_somewhere(fault: Fault) -> None:
    """It breaks the twin, or what is read of the cloud: there, or in the corrected snapshot.

    Both only where what the twin does wrong takes a way that the healthy world has not, or where
    the cloud sees it, too.
    """
    both = fault.name in ("ecr-layer-path", "agent-disconnected-not-running")
    assert (bool(fault.twin) != bool(fault.break_cloud or fault.edit)) is not both
    assert FAULTS[fault.name] is fault


@every_fault
def test_a_fault_is_told_by_its_code(fault: Fault) -> None:
    """What a run reports of it is among its findings, or among the codes of its cells."""
    codes = {outcome(fault.expected, *cell)[1] for cell in CELLS}

    assert fault.code in {*fault.findings, *codes}


@every_fault
def test_a_fault_breaks_some_cells_and_spares_others(fault: Fault) -> None:
    """Every expectation covers cells of the world; private DNS never passes unless it works.

    What keeps tasks from starting on an unbroken network breaks no cell: an audit tells it.
    """
    verdicts = {cell: outcome(fault.expected, *cell)[0] for cell in CELLS}

    assert all(any(each.covers(*cell) for cell in CELLS) for each in fault.expected)
    broken = set(verdicts.values()) & {Verdict.FAILED, Verdict.WARNED}
    assert broken or fault.code in fault.findings
    for (claim, subnet, service), verdict in verdicts.items():
        if claim is Claim.TCP_443 and verdict is Verdict.SKIPPED:
            assert verdicts[Claim.PRIVATE_DNS, subnet, service] is Verdict.FAILED


def test_every_live_code_of_a_healthy_endpoint_has_a_fault() -> None:
    """A code without a fault could never be shown to work."""
    reported = {outcome(fault.expected, *cell)[1] for fault in FAULTS.values() for cell in CELLS}
    named = {code for fault in FAULTS.values() for code in fault.findings}

    assert {*TWIN_CODES, Code.S3_GATEWAY_NO_ROUTE} <= reported
    assert named == set(audited_codes())


def test_every_code_of_the_twin_has_a_fault() -> None:
    """And each such fault is named after its code."""
    of_twin = [(each.code, fault.name) for fault in FAULTS.values() for each in fault.twin]

    assert {code for code, _ in of_twin} == set(TWIN_CODES)
    assert all(name.startswith(code) for code, name in of_twin)


def test_cells_that_nobody_mentions_pass() -> None:
    """An empty expectation is a healthy world; the first match decides otherwise."""
    expected = unresolved(Code.DNS_TIMEOUT, "logs") + unconnected(Code.TCP_TIMEOUT)

    assert outcome((), Claim.TCP_443, "private-a", "logs") == (Verdict.PASSED, None)
    assert outcome(expected, Claim.TCP_443, "private-a", "logs") == (
        Verdict.SKIPPED,
        Code.DNS_TIMEOUT,
    )
    assert outcome(expected, Claim.TCP_443, "private-a", "kms") == (
        Verdict.FAILED,
        Code.TCP_TIMEOUT,
    )


def test_a_chain_ends_at_its_first_broken_path() -> None:
    """In the order in which a task takes them, with the code of that link."""
    names, ports = (
        unresolved(Code.DNS_NXDOMAIN, "ecr.dkr"),
        unconnected(Code.TCP_TIMEOUT, "ecr.api"),
    )
    pull = (Claim.ECR_PULL, "private-a", "ecr.dkr")

    assert outcome((), *pull) == (Verdict.PASSED, None)
    assert outcome(names, *pull) == (Verdict.FAILED, Code.ECR_MANIFEST)
    assert outcome((*names, *ports), *pull) == (Verdict.FAILED, Code.ECR_AUTH)
    assert outcome(unconnected(Code.TCP_REFUSED, "s3"), *pull) == (Verdict.FAILED, Code.ECR_LAYER)
    assert outcome(names, Claim.AWSLOGS, "private-a", "logs") == (Verdict.PASSED, None)


def test_a_chain_that_works_is_no_better_than_its_paths() -> None:
    """A warning stays one; a path that fails in part fails the chain by its own code."""
    logs = (Claim.AWSLOGS, "private-a", "logs")
    partly = unconnected(Code.TCP_TIMEOUT, "logs", partly=True)

    assert outcome(public_but_working("logs"), *logs) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)
    assert outcome(partly, *logs) == (Verdict.FAILED, Code.TCP_TIMEOUT)
    assert outcome((*ended(Claim.AWSLOGS, Code.LOGS_DENIED), *partly), *logs) == (
        Verdict.FAILED,
        Code.LOGS_DENIED,
    )


def test_the_twin_refuses_what_it_cannot_do() -> None:
    """A finding's code is nothing that a listener could answer."""
    with pytest.raises(ValueError, match=r"^the twin cannot be made to answer endpoint-missing$"):
        TwinFault(Code.ENDPOINT_MISSING)
