"""How long naming the causes of many failed cells takes: with findings for them, and without."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from measuring import Table, median, parser, tell
from worlds import make_snapshot

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import Ground, ServiceGround, SubnetGround, ground_of
from pytest_ecs_privatelink.verdict import (
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Remedy,
    Severity,
    Verdict,
)

GOAL = "0.3 s for 10,000 failed cells"
LIVE = (Code.TCP_TIMEOUT, Code.TCP_REFUSED, Code.TCP_UNREACHABLE, Code.TLS_CERTIFICATE)
AUDITED = (Code.ENDPOINT_SG_INGRESS, Code.NACL_BLOCKS, Code.ENDPOINT_ROUTE_MISSING)
Case = tuple[str, tuple[Check, ...], tuple[Finding, ...]]


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--subnets", type=int, default=100)
    options.add_argument("--services", type=int, default=100)
    options.add_argument("--findings", type=int, default=300)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    ground = _ground(chosen.subnets, chosen.services)
    rows = tuple(
        (name, len(checks), len(findings), *_measure(checks, findings, ground, chosen.runs))
        for name, checks, findings in _cases(ground, chosen.findings)
    )
    table = Table(
        title=f"rank_causes: seconds, median of {chosen.runs} runs",
        goal=GOAL,
        columns=("broken", "failed cells", "findings", "causes", "seconds", "of CPU"),
        rows=rows,
    )
    tell((table,), chosen.json)


def _measure(
    checks: tuple[Check, ...], findings: tuple[Finding, ...], ground: Ground, runs: int
) -> tuple[int, float, float]:
    times, cpu = [], []
    for _ in range(runs):
        fresh = replace(ground)  # what a ground has looked up is kept with it
        began, used = time.perf_counter(), time.process_time()
        causes = rank_causes(checks, findings, fresh)
        times.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return len(causes), median(times, 3), median(cpu, 3)


def _cases(ground: Ground, count: int) -> Iterator[Case]:
    cells = [Cell(Claim.TCP_443, subnet.id, each.service)
             for subnet in ground.subnets for each in ground.services]  # fmt: skip
    alike = _failed(cells, lambda _: Code.TCP_TIMEOUT)
    yield "findings overlap", alike, tuple(_overlapping(cells, count))
    yield "findings share nothing", alike, tuple(_apart(cells, count))
    yield "one code, no finding", alike, ()
    yield "each cell another code, no finding", _failed(cells, lambda i: LIVE[i * 7 % 4]), ()


def _failed(cells: list[Cell], code: Callable[[int], Code]) -> tuple[Check, ...]:
    return tuple(
        Check(
            id=f"{cell.claim}[{cell.subnet}-{cell.service}]",
            claim=cell.claim,
            subnet=cell.subnet,
            service=cell.service,
            verdict=Verdict.FAILED,
            basis=Basis.PROBED,
            code=code(i),
            expected="every address accepts TCP on 443",
            observed="no answer to connect within 5.0 s",
        )
        for i, cell in enumerate(cells)
    )


def _overlapping(cells: list[Cell], count: int) -> Iterator[Finding]:
    """Yield findings that block up to a third of all cells, scattered, each cell many times."""
    for i in range(count):
        yield _finding(i, tuple(cells[i % 17 :: 3 + i % 41]))


def _apart(cells: list[Cell], count: int) -> Iterator[Finding]:
    for i in range(count):
        yield _finding(i, tuple(cells[i::count]))


def _finding(i: int, blocks: tuple[Cell, ...]) -> Finding:
    return Finding(
        code=AUDITED[i % len(AUDITED)],
        severity=Severity.ERROR if i % 5 else Severity.WARNING,
        subject=f"sg-{i:08x}",
        summary=f"sg-{i:08x} admits nothing",
        expected="443 from the tasks",
        observed="no rule for it",
        remedy=Remedy(("aws ec2 authorize-security-group-ingress",)),
        reference="https://docs.aws.amazon.com/",
        blocks=blocks,
    )


def _ground(subnets: int, services: int) -> Ground:
    base = ground_of(make_snapshot(3, 4), {}, {})
    return replace(
        base,
        services=tuple(
            ServiceGround(service=f"service-{i}", endpoint=f"vpce-{i:08x}", groups=(f"sg-{i % 9}",))
            for i in range(services)
        ),
        subnets=tuple(
            SubnetGround(
                id=f"subnet-{i:08x}",
                name=f"private-{i}",
                acl=f"acl-{i % 5}",
                table=f"rtb-{i % 7}",
            )
            for i in range(subnets)
        ),
    )


if __name__ == "__main__":
    main()
