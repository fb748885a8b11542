"""Remedies for packet filters: one command and one Terraform block for each missing rule."""

from collections.abc import Iterable

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Remedy

_HTTPS = "IpProtocol=tcp,FromPort=443,ToPort=443"
_INGRESS = "aws_vpc_security_group_ingress_rule"
_EGRESS = "aws_vpc_security_group_egress_rule"


def admit(snapshot: Snapshot, group: str, cidrs: Iterable[str]) -> Remedy:
    """Return what makes ``group`` admit 443 from ``cidrs``."""
    sources = tuple(dict.fromkeys(cidrs))
    ranges = ",".join(f"{{CidrIp={cidr}}}" for cidr in sources)
    command = _authorize(snapshot, "ingress", group, f"IpRanges=[{ranges}]")
    return Remedy((command,), _rules(_INGRESS, group, "cidr_ipv4", sources))


def let_out_to(snapshot: Snapshot, group: str, cidrs: Iterable[str]) -> Remedy:
    """Return what makes ``group`` let 443 out to ``cidrs``."""
    peers = tuple(dict.fromkeys(cidrs))
    ranges = ",".join(f"{{CidrIp={cidr}}}" for cidr in peers)
    command = _authorize(snapshot, "egress", group, f"IpRanges=[{ranges}]")
    return Remedy((command,), _rules(_EGRESS, group, "cidr_ipv4", peers))


def let_out_to_groups(snapshot: Snapshot, group: str, groups: Iterable[str]) -> Remedy:
    """Return what makes ``group`` let 443 out to whatever wears one of ``groups``."""
    peers = tuple(dict.fromkeys(groups))
    pairs = ",".join(f"{{GroupId={peer}}}" for peer in peers)
    command = _authorize(snapshot, "egress", group, f"UserIdGroupPairs=[{pairs}]")
    return Remedy((command,), _rules(_EGRESS, group, "referenced_security_group_id", peers))


def let_out_to_list(snapshot: Snapshot, group: str, prefix_list: str) -> Remedy:
    """Return what makes ``group`` let 443 out to the ranges of ``prefix_list``."""
    lists = f"PrefixListIds=[{{PrefixListId={prefix_list}}}]"
    command = _authorize(snapshot, "egress", group, lists)
    return Remedy((command,), _rules(_EGRESS, group, "prefix_list_id", (prefix_list,)))


def _authorize(snapshot: Snapshot, direction: str, group: str, peers: str) -> str:
    return aws(
        snapshot,
        *(f"authorize-security-group-{direction}", "--group-id", group),
        *("--ip-permissions", f"{_HTTPS},{peers}"),
    )


def _rules(kind: str, group: str, argument: str, peers: tuple[str, ...]) -> str:
    return "\n".join(
        block(
            kind,
            f"https_{number}",
            security_group_id=text(group),
            **{argument: text(peer)},
            ip_protocol=text("tcp"),
            from_port="443",
            to_port="443",
        )
        for number, peer in enumerate(peers, 1)
    )
