"""What each network ACL in use drops of ECS's connections, worked out once for each ACL."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.topology.acls import Denial, denials
from pytest_ecs_privatelink.topology.lookup import acl_of
from pytest_ecs_privatelink.topology.model import NetworkAcl, Snapshot
from pytest_ecs_privatelink.topology.ranges import Ranges, Span

HTTPS: Span = (443, 443)
# net.ipv4.ip_local_port_range of Linux; Windows' dynamic ports [VPC User Guide, "Ephemeral ports"].
_LINUX: Span = (32768, 60999)
_WINDOWS: Span = (49152, 65535)


@dataclass(frozen=True, slots=True)
class Gate:
    """One direction of an ACL, for one span of ports: what it denies of them."""

    acl: NetworkAcl
    egress: bool
    ports: Span
    denials: tuple[Denial, ...]

    def hits(self, peers: Ranges) -> Iterator[tuple[Denial, Ranges]]:
        """Yield each rule that drops packets of ``peers``, with those of them that it drops."""
        for denial in self.denials:
            if hit := denial.addresses & peers:
                yield denial, hit


@dataclass(frozen=True, slots=True)
class Guard:
    """An ACL's gates that deny something.

    ``near`` stand before whoever asks in its subnets (443 out, replies in), ``far`` before what is
    asked there (443 in, replies out).
    """

    near: tuple[Gate, ...]
    far: tuple[Gate, ...]


def guards(snapshot: Snapshot, subnets: Iterable[str]) -> Mapping[str, Guard]:
    """Return the guards of ``subnets``, by ACL id."""
    found = (acl_of(snapshot, subnet) for subnet in subnets)
    in_use = {acl.id: acl for acl in found if acl is not None}
    replies = _reply_ports(snapshot)
    return {
        id_: Guard(
            near=tuple(_gates(acl, replies, asking=True)),
            far=tuple(_gates(acl, replies, asking=False)),
        )
        for id_, acl in in_use.items()
    }


def _gates(acl: NetworkAcl, replies: tuple[Span, ...], *, asking: bool) -> Iterator[Gate]:
    for egress, ports in ((asking, HTTPS), *((not asking, each) for each in replies)):
        if denied := denials(acl, ports, egress=egress):
            yield Gate(acl, egress, ports, denied)


def _reply_ports(snapshot: Snapshot) -> tuple[Span, ...]:
    """Return the ports that replies come back to: Linux's, and Windows' where tasks run on it."""
    definitions = (snapshot.cluster.task_definitions if snapshot.cluster else None) or ()
    return (_LINUX, _WINDOWS) if any(each.windows for each in definitions) else (_LINUX,)
