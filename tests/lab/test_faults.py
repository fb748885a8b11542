"""The table of faults: complete, listed, consistent with its own expectations."""

import pytest

from pytest_ecs_privatelink.lab.expectations import outcome, unconnected, unresolved
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault, describe
from pytest_ecs_privatelink.lab.twin_faults import TWIN_CODES, TwinFault
from pytest_ecs_privatelink.lab.world import INTERFACE_SERVICES, SUBNET_CIDRS
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS, Claim, Code, Verdict

SERVICES = (*INTERFACE_SERVICES, "s3")
CELLS = [
    (claim, subnet, service)
    for claim in PROBED_CLAIMS
    for subnet in SUBNET_CIDRS
    for service in SERVICES
]
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))


def test_the_list_is_aligned_and_complete() -> None:
    """``--ecs-fault list`` has one line per fault, its summaries in one column."""
    lines = describe().splitlines()

    assert [line.split()[0] for line in lines] == list(FAULTS)
    assert lines[0] == "endpoint-missing              no endpoint for logs, and no way out"
    column = lines[0].index("no endpoint")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert all(len(line) <= 120 for line in lines)


@every_fault
def test_a_fault_does_something_somewhere(fault: Fault) -> None:
    """It breaks the cloud, the snapshot or the twin, and just one of them."""
    assert [bool(fault.break_cloud), bool(fault.edit), bool(fault.twin)].count(True) == 1
    assert FAULTS[fault.name] is fault


@every_fault
def test_a_fault_is_told_by_its_code(fault: Fault) -> None:
    """What a run reports of it is among its findings, or among the codes of its cells."""
    codes = {outcome(fault.expected, *cell)[1] for cell in CELLS}

    assert fault.code in {*fault.findings, *codes}


@every_fault
def test_a_fault_breaks_some_cells_and_spares_others(fault: Fault) -> None:
    """Every expectation covers cells of the world; private DNS never passes unless it works.

    What no probe can see, such as a full subnet, breaks no cell and is told by an audit alone.
    """
    verdicts = {cell: outcome(fault.expected, *cell)[0] for cell in CELLS}

    assert all(any(each.covers(*cell) for cell in CELLS) for each in fault.expected)
    told_by_audit = not fault.expected and fault.code in fault.findings
    assert set(verdicts.values()) & {Verdict.FAILED, Verdict.WARNED} or told_by_audit
    for (claim, subnet, service), verdict in verdicts.items():
        if claim is Claim.TCP_443 and verdict is Verdict.SKIPPED:
            assert verdicts[Claim.PRIVATE_DNS, subnet, service] is Verdict.FAILED


def test_every_live_code_of_a_healthy_endpoint_has_a_fault() -> None:
    """A code without a fault could never be shown to work."""
    reported = {outcome(fault.expected, *cell)[1] for fault in FAULTS.values() for cell in CELLS}
    named = {code for fault in FAULTS.values() for code in fault.findings}

    assert {*TWIN_CODES, Code.S3_GATEWAY_NO_ROUTE} <= reported
    assert named == {
        Code.ENDPOINT_MISSING,
        Code.ENDPOINT_MISSING_PUBLIC_PATH,
        Code.ENDPOINT_NOT_AVAILABLE,
        Code.ENDPOINT_WRONG_REGION,
        Code.INTERNET_PATH_BLOCKED,
        Code.S3_GATEWAY_MISSING,
        Code.S3_GATEWAY_NO_ROUTE,
        Code.S3_INTERFACE_ONLY,
        Code.S3_ROUTE_SHADOWED,
        Code.SUBNET_ADDRESSES_EXHAUSTED,
    }


def test_every_code_of_the_twin_has_a_fault() -> None:
    """And each such fault is named after its code."""
    of_twin = {each.code: fault.name for fault in FAULTS.values() for each in fault.twin}

    assert of_twin == {code: str(code) for code in TWIN_CODES}


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


def test_the_twin_refuses_what_it_cannot_do() -> None:
    """A finding's code is nothing that a listener could answer."""
    with pytest.raises(ValueError, match=r"^the twin cannot be made to answer endpoint-missing$"):
        TwinFault(Code.ENDPOINT_MISSING)
