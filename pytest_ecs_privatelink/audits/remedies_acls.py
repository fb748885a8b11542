"""Remedies for network ACLs: rules that allow, numbered so that they come first."""

from collections.abc import Collection, Sequence

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.topology.model import NetworkAcl, Snapshot
from pytest_ecs_privatelink.topology.ranges import Span
from pytest_ecs_privatelink.verdict import Remedy

_Wanted = tuple[Span, str]
"""Destination ports and the peers' CIDR."""


def allow(
    snapshot: Snapshot,
    acl: NetworkAcl,
    *,
    egress: bool,
    rules: Collection[int | None],
    wanted: Sequence[_Wanted],
) -> Remedy:
    """Return what makes ``acl`` allow ``wanted`` before any of ``rules`` (None is ``*``) decides.

    Where there are not enough free numbers before them, the rules are to be deleted instead.
    """
    deciding = sorted(rule for rule in rules if rule is not None)
    used = {entry.number for entry in acl.entries if entry.egress is egress}
    before = deciding[0] if deciding else max(used, default=0) + len(wanted) + 1
    free = [number for number in range(before - 1, 0, -1) if number not in used]
    if len(free) < len(wanted):
        return Remedy(tuple(_deletion(snapshot, acl, number, egress) for number in deciding))
    numbered = list(zip(sorted(free[: len(wanted)]), wanted, strict=True))
    return Remedy(
        tuple(_creation(snapshot, acl, number, each, egress) for number, each in numbered),
        "\n".join(_rule(acl, number, each, egress) for number, each in numbered),
    )


def _creation(
    snapshot: Snapshot,
    acl: NetworkAcl,
    number: int,
    wanted: _Wanted,
    egress: bool,
) -> str:
    (first, last), cidr = wanted
    return aws(
        snapshot,
        *("create-network-acl-entry", "--network-acl-id", acl.id),
        *(_flag(egress), "--rule-number", str(number), "--protocol", "tcp"),
        *("--port-range", f"From={first},To={last}", "--cidr-block", cidr),
        *("--rule-action", "allow"),
    )


def _deletion(snapshot: Snapshot, acl: NetworkAcl, number: int, egress: bool) -> str:
    return aws(
        snapshot,
        *("delete-network-acl-entry", "--network-acl-id", acl.id),
        *(_flag(egress), "--rule-number", str(number)),
    )


def _flag(egress: bool) -> str:
    return "--egress" if egress else "--ingress"


def _rule(acl: NetworkAcl, number: int, wanted: _Wanted, egress: bool) -> str:
    (first, last), cidr = wanted
    return block(
        "aws_network_acl_rule",
        f"https_{number}",
        network_acl_id=text(acl.id),
        rule_number=str(number),
        egress="true" if egress else "false",
        protocol=text("tcp"),
        rule_action=text("allow"),
        cidr_block=text(cidr),
        from_port=str(first),
        to_port=str(last),
    )
