"""Take up the container instances of a cluster as vantages of their subnets."""

import asyncio
import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.claims.foreseen import foreseen_dials
from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.errors import SettingsError, VantageError
from pytest_ecs_privatelink.vantage.instance.asking import Bundle
from pytest_ecs_privatelink.vantage.instance.choosing import Host, choose
from pytest_ecs_privatelink.vantage.instance.template import BY_STDIN, OVER_SSH, Connect, files_of
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.verdict import LaunchType

if TYPE_CHECKING:
    import boto3

    from pytest_ecs_privatelink.vantage.instance.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """By subnet: the vantages, and why others have none. Nothing was sent yet."""

    vantages: Mapping[str, Vantage]
    absent: Mapping[str, str]


def open_instances(
    terms: Terms,
    connect: Connect,
    *,
    run: str,
    session: "Callable[[], boto3.Session] | None" = None,
    dials: bool = True,
    hosts_trust: str | None = None,
) -> Opened:
    """Return the vantages of ``terms.subnets`` that container instances of its cluster can be.

    ``connect.template`` is a testinfra host such as ``ssh://root@{instance_id}?ssh_config=FILE``,
    or of the lab's own connection ``machine://{instance_id}?socket={socket}`` with ``connect.more``
    giving ``{"i-...": {"socket": PATH}}``. ``run`` is the run's id; ``session`` is opened once,
    for ``ssm://``. ``dials``: dial what names resolve to in the same round trip, which somebody is
    going to ask. Questions that name the file ``hosts_trust`` are answered with the host's own
    trust; other files travel.

    Raises a one-line `SettingsError` where there is no such connection, no cluster, no testinfra,
    or where credentials would have to travel by other ways than standard input.
    """
    worn = terms.wearers.get(LaunchType.EC2)
    chosen = choose(terms.snapshot, (each.id for each in terms.subnets), connect, worn)
    _refuse_what_cannot_be(connect)
    if not chosen.hosts:
        return Opened(vantages={}, absent=chosen.absent)
    from pytest_ecs_privatelink.vantage.bundle import bundle
    from pytest_ecs_privatelink.vantage.instance.vantage import (
        MOST_AT_ONCE,
        InstanceVantage,
        Machine,
    )

    # Here and now: in 3.11, two threads that parse at once are a SystemError for one of them.
    bundle()
    client = _once(lambda: _ssm_client(session))
    places = asyncio.Semaphore(MOST_AT_ONCE)
    foreseen = foreseen_dials(terms) if dials else {}
    vantages = {
        subnet: InstanceVantage(
            machines=[Machine(each, _channel(each, connect, client, run)) for each in hosts],
            dials=foreseen,
            bundle=certificates(hosts_trust),
            lends=connect.lend,
            places=places,
        )
        for subnet, hosts in chosen.hosts.items()
    }
    return Opened(vantages=vantages, absent=chosen.absent)


def _refuse_what_cannot_be(connect: Connect) -> None:
    if connect.lend and connect.connection not in BY_STDIN:
        raise SettingsError(
            f"--ecs-lend-credentials: {connect.connection}:// has no standard input, and others may"
            " see commands; only ssh:// carries credentials"
        )
    for path in files_of(connect.template):
        if not os.path.exists(path):
            home = ": write the whole path, for ssh takes ~ as it is" if path[0] == "~" else ""
            raise SettingsError(f"--ecs-connect: there is no file {path!r}{home}")
    if importlib.util.find_spec("testinfra") is None:
        raise SettingsError(
            '--ecs-connect needs pytest-testinfra: pip install "pytest-ecs-privatelink[ec2]"'
        )


def _channel(host: Host, connect: Connect, client: Callable[[], Any], run: str) -> "Channel":
    """Return the channel to ``host``; each brings only what it needs."""
    from pytest_ecs_privatelink.vantage.instance.channel import CommandChannel, StdinChannel

    metadata = connect.metadata
    if connect.connection in OVER_SSH:
        from pytest_ecs_privatelink.vantage.instance.ssh import open_ssh

        return StdinChannel(open_ssh(host.spec), metadata)
    if connect.connection == "machine":
        from pytest_ecs_privatelink.vantage.instance.machine import open_machine

        return StdinChannel(open_machine(host.spec), metadata)
    if connect.connection == "ssm":
        from pytest_ecs_privatelink.vantage.instance.ssm import MOST_SHOWN, Ssm

        ssm = Ssm(host.instance, client, marked(run))
        return CommandChannel(ssm, most=MOST_SHOWN, metadata=metadata)
    from pytest_ecs_privatelink.vantage.instance.plain import Plain

    return CommandChannel(Plain(host.spec), metadata=metadata)


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    """Return what makes one thing for all threads: sessions of boto3 are for one at a time."""
    made, alone = functools.cache(make), threading.Lock()

    def once() -> Any:  # noqa: ANN401 - as ``make``
        with alone:
            return made()

    return once


def _ssm_client(session: "Callable[[], boto3.Session] | None") -> Any:  # noqa: ANN401 - as boto3's
    if session is None:
        raise VantageError("this run has no AWS session to call SSM with")
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"})
    return session().client("ssm", config=config)


def certificates(hosts_trust: str | None) -> Bundle:
    """Return what reads the files that questions name; ``hosts_trust`` is none that travels."""

    @functools.cache
    def bundle(path: str) -> str | None:
        if path == hosts_trust:
            return None
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                return file.read()
        except OSError as error:
            raise VantageError(f"the CA bundle {path} cannot be read: {error.strerror}") from None

    return bundle
