"""A VPC in which many cells are black holes: the run must cost one timeout, not one per hole.

20 subnets by 12 endpoint services, of which 3 interface endpoints wear a security group that admits
nothing: 60 ``tcp-443`` cells whose packets vanish. What the hosts send is watched on their links.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from measuring import MODES, Table, listed, parser, run_pytest, tell
from worlds import S3_RANGES, TASKS, make_snapshot

from pytest_ecs_privatelink.catalogue.services import parse_service_name
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.lookup import endpoint_addresses
from pytest_ecs_privatelink.topology.model import Snapshot

SLACK = 3.0
"""Seconds that a run may take on top of one timeout."""
_TIMES_ASKED = 2
"""Each name is asked by the host's own resolution and of the VPC resolver, A and AAAA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Probes that should have been sent, that were, and those of them that were sent again."""

    expected: int
    sent: int
    again: int


def main() -> int:
    """Measure and tell; the exit status is 1 where a probe was lost or sent twice."""
    options = parser(__doc__)
    options.add_argument("--subnets", type=int, default=20)
    options.add_argument("--services", type=int, default=12)
    options.add_argument("--closed", type=int, default=3, help="endpoints that admit nothing")
    options.add_argument("--timeout", type=float, default=2.0, help="seconds")
    options.add_argument("--modes", type=listed, default=tuple(MODES), help=", ".join(MODES))
    chosen = options.parse_args()
    snapshot = make_snapshot(chosen.subnets, chosen.services, chosen.closed)
    with tempfile.TemporaryDirectory(prefix="black-holes-") as name:
        results = [_measure(Path(name), snapshot, mode, chosen.timeout) for mode in chosen.modes]
    table = Table(
        title=f"{chosen.subnets} subnets x {chosen.services} services, --ecs-timeout "
        f"{chosen.timeout:g}; seconds, and probes as seen on the hosts' links",
        goal=f"at most {chosen.timeout + SLACK:g} s, every probe sent once",
        columns=(
            *("mode", "whole command", "from session start", "checks", "black holes"),
            *("dials", "of", "again", "queries", "of", "again"),
        ),
        rows=tuple(row for row, _ in results),
    )
    tell((table,), chosen.json)
    return 0 if all(right for _, right in results) else 1


def _measure(
    folder: Path, snapshot: Snapshot, mode: str, timeout: float
) -> tuple[tuple[object, ...], bool]:
    vpc, report, tap = (folder / name for name in ("vpc.json", "report.json", "tap.json"))
    snapshots.save(snapshot, vpc)
    ran = run_pytest(
        *("--ecs-lab", f"--ecs-snapshot={vpc}", f"--ecs-json={report}", "-q", "-p", "tapped"),
        *(f"--ecs-timeout={timeout}", f"--ecs-security-group={TASKS}", "--ecs-launch-type=fargate"),
        *MODES[mode],
        folder=folder,
        expect=(1,),
        BENCHMARK_TAP=str(tap),
    )
    told, seen = json.loads(report.read_text()), json.loads(tap.read_text())
    if seen["lost"]:
        raise SystemExit(f"{seen['lost']} packets were not seen: nothing can be said")
    dials, queries = _dials(snapshot, told, seen["dials"]), _queries(told, seen["queries"])
    holes = [each for each in told["checks"] if each["code"] == "tcp-timeout"]
    row = (
        *(mode, round(ran.seconds, 2), round(told["run"]["duration_s"], 2)),
        *(len([each for each in told["checks"] if each["basis"] == "probed"]), len(holes)),
        *(dials.sent, dials.expected, dials.again),
        *(queries.sent, queries.expected, queries.again),
    )
    return row, all(each.sent == each.expected and not each.again for each in (dials, queries))


def _dials(
    snapshot: Snapshot, told: Mapping[str, Any], dials: Mapping[str, Mapping[str, int]]
) -> Sent:
    """Compare dials with the report: a dial is a source port, however often its SYN is repeated."""
    expected = Counter(_expected_dials(snapshot, told))
    sent: Counter[tuple[str, str]] = Counter()
    for way, ports in dials.items():
        source, _, destination = way.partition(">")
        sent[_subnet_of(source, snapshot), destination] += len(ports)
    return _compare(expected, sent)


def _expected_dials(snapshot: Snapshot, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = {each["service"]: len(each["names"]) for each in told["services"]}
    addresses = {
        parsed.service: endpoint_addresses(snapshot, endpoint)
        for endpoint in snapshot.endpoints
        if (parsed := parse_service_name(endpoint.service_name)) is not None
    }
    addresses["s3"] = tuple(str(IPv4Network(each)[1]) for each in S3_RANGES)
    for check in told["checks"]:
        if check["claim"] == "tcp-443":
            for address in addresses[check["service"]]:
                yield from [(check["subnet"], f"{address}:443")] * names[check["service"]]


def _queries(told: Mapping[str, Any], queries: Mapping[str, int]) -> Sent:
    expected = Counter(
        {
            (subnet["id"], name, kind): _TIMES_ASKED
            for subnet in told["subnets"]
            for service in told["services"]
            for name in service["names"]
            for kind in ("A", "AAAA")
        }
    )
    ranges = {each["id"]: IPv4Network(each["cidr"]) for each in told["subnets"]}
    sent: Counter[tuple[str, str, str]] = Counter()
    for query, times in queries.items():
        way, name, kind = query.split()
        source = IPv4Address(way.partition(">")[0])
        sent[next(id_ for id_, each in ranges.items() if source in each), name, kind] += times
    return _compare(expected, sent)


def _compare(expected: Counter[Any], sent: Counter[Any]) -> Sent:
    return Sent(expected=expected.total(), sent=sent.total(), again=(sent - expected).total())


def _subnet_of(address: str, snapshot: Snapshot) -> str:
    inside = (
        each.id for each in snapshot.subnets if IPv4Address(address) in IPv4Network(each.cidr)
    )
    return next(inside)


if __name__ == "__main__":
    sys.exit(main())
