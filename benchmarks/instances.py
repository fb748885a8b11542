"""What asking container instances costs: one batch each, beside one SSH command and testinfra.

All hosts are this machine and share its CPUs: real ones have their own. testinfra runs the same
checks one by one, over one connection for each host that it keeps.
"""

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from measuring import Table, median, parser, run_pytest, tell
from ssh_hosts import Hosts, listening, ssh_hosts

from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.vantage.bundle import bundle
from pytest_ecs_privatelink.vantage.instance.channel import StdinChannel
from pytest_ecs_privatelink.vantage.instance.choosing import Host
from pytest_ecs_privatelink.vantage.instance.ssh import open_ssh
from pytest_ecs_privatelink.vantage.instance.vantage import InstanceVantage, Machine

_CHECKS = """
import pytest

ADDRESSES, PORT = {addresses!r}, {port}
testinfra_hosts = {hosts!r}

@pytest.mark.parametrize("address", ADDRESSES)
def test_resolves(host, address):
    assert host.run("getent ahosts %s", address).rc == 0

@pytest.mark.parametrize("address", ADDRESSES)
def test_connects(host, address):
    assert host.run("timeout 5 bash -c %s", f"</dev/tcp/{{address}}/{{PORT}}").rc == 0
"""


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--hosts", type=int, default=3)
    options.add_argument("--services", type=int, default=12)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="ssh-") as name,
        ssh_hosts(Path(name)) as hosts,
        listening(chosen.services) as (addresses, port),
    ):
        names = [f"host{n}" for n in range(chosen.hosts)]
        bundle()  # as runs do before they begin
        # Taken in turn, so that whatever else the machine does meets both.
        races = [
            (
                _commands(hosts, names[:1]),
                _commands(hosts, names),
                _by_batch(hosts, names, addresses, port),
            )
            for _ in range(chosen.runs)
        ]
        plain = _by_testinfra(hosts, names, addresses, port, Path(name))
    command, commands, batch = (median(each, 3) for each in zip(*races, strict=True))
    checks = 2 * chosen.hosts * chosen.services
    table = Table(
        title=(
            f"{checks} checks: {chosen.hosts} hosts x {chosen.services} services, "
            f"median of {chosen.runs} runs"
        ),
        goal="the batch within twice one SSH command",
        columns=("measure", "seconds", "times one command"),
        rows=(
            ("one SSH command", command, 1.0),
            ("one to each host at once", commands, round(commands / command, 1)),
            ("one batch for each host", batch, round(batch / command, 1)),
            ("plain pytest-testinfra", round(plain, 3), round(plain / command, 1)),
        ),
    )
    tell((table,), chosen.json)


def _commands(hosts: Hosts, names: Sequence[str]) -> float:
    began = time.monotonic()
    commands = [subprocess.Popen(["ssh", "-F", hosts.config, name, "true"]) for name in names]
    if any(command.wait() for command in commands):
        raise SystemExit("ssh failed")
    return time.monotonic() - began


def _by_batch(hosts: Hosts, names: Sequence[str], addresses: Sequence[str], port: int) -> float:
    questions: list[Question] = [DnsQuestion(name=each) for each in addresses]
    questions += [ConnectQuestion(address=each, port=port) for each in addresses]

    async def ask(name: str) -> None:
        spec = f"ssh://{name}?ssh_config={hosts.config}"
        host = Host(instance=name, subnet=name, groups=(), spec=spec)
        machine = Machine(host, StdinChannel(open_ssh(spec)))
        place = InstanceVantage(machines=[machine], dials={}, bundle=lambda _: None)
        for answer in await asyncio.gather(*(place.ask(each) for each in questions)):
            assert isinstance(answer, (DnsAnswer, ConnectAnswer))
            if answer.status not in (DnsStatus.ANSWERED, ConnectStatus.OPEN):
                raise SystemExit(f"no fair race: {answer}")

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, names))

    began = time.monotonic()
    asyncio.run(ask_all())
    return time.monotonic() - began


def _by_testinfra(
    hosts: Hosts, names: Sequence[str], addresses: Sequence[str], port: int, folder: Path
) -> float:
    specs = [f"ssh://{name}?ssh_config={hosts.shared}&controlpersist=20" for name in names]
    text = _CHECKS.format(addresses=tuple(addresses), port=port, hosts=specs)
    (folder / "test_plain.py").write_text(text)
    with _masters_ended(hosts, names):
        return run_pytest("-q", "-p", "no:xdist", "test_plain.py", folder=folder).seconds


@contextlib.contextmanager
def _masters_ended(hosts: Hosts, names: Sequence[str]) -> Iterator[None]:
    """End the connections that testinfra keeps, when it is done."""
    try:
        yield
    finally:
        for name in names:
            end = ["ssh", "-F", str(hosts.shared), "-O", "exit", name]
            subprocess.run(end, stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
