"""Reach the lab's container instances as ``--ecs-connect`` says, by addresses that only it has."""

from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.openssh import is_installed
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.vantage.instance.opening import Opened, open_instances
from pytest_ecs_privatelink.vantage.instance.template import OVER_SSH, Connect, shown
from pytest_ecs_privatelink.verdict import Claim

MACHINE = "machine://{instance_id}"
"""The lab's own way into its hosts, which needs nothing installed."""

_LEADING_OUT = ("ssh_config", "ssh_extra_args")
"""What may name other hosts than the lab's: the real ones, of whom a rehearsal asks nothing."""


def as_the_lab_can(settings: Settings) -> Settings:
    """Return ``settings`` with the lab's own connection in place of one that this machine lacks.

    `SettingsError` for what would leave the lab, whose hosts nobody else has ways to.
    """
    if settings.connect is None:
        return settings
    connection = settings.connect.partition("://")[0]
    if connection not in (*OVER_SSH, "machine", "ssm"):
        raise SettingsError(
            f"--ecs-connect {shown(settings.connect)!r}: the lab's container instances are reached"
            f" by ssh://, ssm:// and {MACHINE}"
        )
    if connection == "ssm" and not settings.own_world:
        raise SettingsError(
            f"--ecs-connect {shown(settings.connect)!r}: the twin of a VPC has its network, not the"
            f" services behind it; ssh:// and {MACHINE} reach its hosts"
        )
    query = parse_qs(urlsplit(settings.connect).query)
    if leading := [each for each in _LEADING_OUT if each in query]:
        raise SettingsError(
            f"--ecs-connect {settings.connect!r}: {leading[0]} may lead out of the lab, whose hosts"
            " are known to an ssh_config of its own: leave it out"
        )
    if connection in OVER_SSH and not is_installed():
        sources = {**settings.sources, "connect": "for OpenSSH is not installed here"}
        return replace(settings, connect=MACHINE, sources=sources)
    return settings


def open_lab_instances(lab: Laboratory, plan: Plan) -> Opened:
    """Return the vantages of a run in the lab, once its twin is built; nothing is sent yet."""
    settings = plan.settings
    if settings.connect is None:
        return Opened(vantages=lab.twin.vantages, absent={})
    machines = lab.twin.machines
    return open_instances(
        _with_instances(plan.terms, frozenset(machines)),
        Connect(
            template=_template(settings.connect, lab),
            lend=settings.lend_credentials,
            more={each: {"socket": quote(str(path))} for each, path in machines.items()},
        ),
        run=settings.run,
        session=lab.session,
        dials=Claim.TCP_443 in settings.claims,
    )


def _template(template: str, lab: Laboratory) -> str:
    connection = template.partition("://")[0]
    query = urlsplit(template).query
    if connection == "machine":
        return f"{MACHINE}?socket={{socket}}"
    if connection in OVER_SSH:
        joint = "&" if query else "?"
        return f"{template}{joint}ssh_config={quote(str(lab.ssh_config))}"
    return template


def _with_instances(terms: Terms, there: frozenset[str]) -> Terms:
    """Return ``terms`` with those container instances alone that the lab has hosts for.

    Managed ones stay, though nobody builds them: they are why their subnet has no vantage.
    """
    cluster = terms.snapshot.cluster
    if cluster is None or cluster.instances is None:
        return terms
    instances = tuple(each for each in cluster.instances if each.instance in there or each.managed)
    return replace(
        terms, snapshot=replace(terms.snapshot, cluster=replace(cluster, instances=instances))
    )
