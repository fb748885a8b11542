"""What reading a VPC costs: AWS calls and wall time, against an emulated EC2, by the VPC's size.

The number of calls must not depend on subnets and endpoints but for pages.
"""

import ipaddress
import time
from typing import Any

from measuring import Table, listed, median, parser, tell

from pytest_ecs_privatelink.lab.cloud import REGION, Cloud
from pytest_ecs_privatelink.lab.world import create_interface_endpoint, create_subnet
from pytest_ecs_privatelink.topology.reader import Reading, read_snapshot

_NETWORK = ipaddress.IPv4Network("10.0.0.0/16")


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--sizes", type=listed, default=("3", "30", "200"), metavar="N,N")
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with Cloud.launch() as cloud:
        cloud.wait()
        table = _table(cloud, tuple(map(int, chosen.sizes)), chosen.runs)
    tell((table,), chosen.json)


def _table(cloud: Cloud, sizes: tuple[int, ...], runs: int) -> Table:
    readings = {size: _measure(cloud, size, runs) for size in sizes}
    calls = {size: reading.api_calls for size, (reading, _) in readings.items()}
    actions = sorted({action for each in calls.values() for action in each})
    return Table(
        title=f"read_snapshot by subnets = endpoints, median of {runs} runs",
        goal="the same calls for every size but for pages",
        columns=("measure", *map(str, sizes)),
        rows=(
            ("subnets read", *(len(readings[size][0].snapshot.subnets) for size in sizes)),
            ("endpoints read", *(len(readings[size][0].snapshot.endpoints) for size in sizes)),
            *((action, *(calls[size].get(action, 0) for size in sizes)) for action in actions),
            ("all calls", *(sum(calls[size].values()) for size in sizes)),
            ("seconds", *(readings[size][1] for size in sizes)),
        ),
    )


def _measure(cloud: Cloud, size: int, runs: int) -> tuple[Reading, float]:
    session = cloud.session()
    vpc = _make_vpc(session.client("ec2"), size)
    times = []
    for _ in range(runs):
        began = time.monotonic()
        reading = read_snapshot(session, vpc, region=REGION, emulated=True)
        times.append(time.monotonic() - began)
    return reading, median(times)


def _make_vpc(ec2: Any, size: int) -> str:  # noqa: ANN401  (boto3's clients have no type)
    vpc = str(ec2.create_vpc(CidrBlock=str(_NETWORK))["Vpc"]["VpcId"])
    ranges = zip(range(size), _NETWORK.subnets(new_prefix=24), strict=False)
    for i, network in ranges:
        subnet = create_subnet(ec2, vpc, f"private-{i}-{'abc'[i % 3]}", str(network))
        create_interface_endpoint(ec2, vpc, f"service{i}", (subnet,), ())
    return vpc


if __name__ == "__main__":
    main()
