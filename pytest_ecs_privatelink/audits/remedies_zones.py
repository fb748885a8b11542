"""Remedies for hosted zones: the missing records, a zone of the right name, or none."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_ecs_privatelink.audits.commands import aws, command
from pytest_ecs_privatelink.topology.model import Endpoint, HostedZone, Snapshot
from pytest_ecs_privatelink.verdict import Remedy

_UNKNOWN_ENDPOINT = "ENDPOINT_DNS_NAME"
_UNKNOWN_ZONE = "HOSTED_ZONE_ID_OF_THE_ENDPOINT"
_ENTRY = ("--query", "VpcEndpoints[0].DnsEntries[0]")


@dataclass(frozen=True, slots=True)
class Alias:
    """A record to add: ``name`` for the endpoint, which may be another VPC's and so unknown."""

    name: str
    endpoint: Endpoint | None

    @property
    def target(self) -> str:
        """The endpoint's regional DNS name, or a word in capitals."""
        names = self.endpoint.dns_names if self.endpoint else ()
        return next((each for each in names if ".vpce." in each), _UNKNOWN_ENDPOINT)


def new_records(snapshot: Snapshot, zone: HostedZone, aliases: Iterable[Alias]) -> Remedy:
    """Return what adds ``aliases`` to ``zone``."""
    pairs = tuple(aliases)
    change = command(
        snapshot.region,
        *("route53", "change-resource-record-sets", "--hosted-zone-id", zone.id),
        *("--change-batch", _changes(pairs)),
    )
    return Remedy(
        (*_by_its_owner(snapshot, zone), *_entries(snapshot, pairs), change),
        "\n".join(_record(f'"{zone.id}"', each) for each in pairs),
    )


def right_zone(
    snapshot: Snapshot, wrong: HostedZone, apex: str, aliases: Iterable[Alias]
) -> Remedy:
    """Return what makes the zone ``apex`` with ``aliases`` in the place of the zone ``wrong``."""
    pairs, vpc = tuple(aliases), snapshot.vpc.id
    create = command(
        snapshot.region,
        *("route53", "create-hosted-zone", "--name", apex, "--caller-reference", apex),
        *("--vpc", f"VPCRegion={snapshot.region},VPCId={vpc}"),
        *("--query", "HostedZone.Id", "--output", "text"),
    )
    change = command(
        snapshot.region, "route53", "change-resource-record-sets", "--change-batch", _changes(pairs)
    )
    made = (
        f'resource "aws_route53_zone" "{_name(apex)}" {{\n  name = "{apex}"\n'
        f'  vpc {{\n    vpc_id = "{vpc}"\n  }}\n}}'
    )
    records = (_record(f"aws_route53_zone.{_name(apex)}.id", each) for each in pairs)
    return Remedy(
        (
            *_by_its_owner(snapshot, wrong),
            *_entries(snapshot, pairs),
            f"ZONE=$({create})",
            f'{change} --hosted-zone-id "$ZONE"',
        ),
        "\n".join((made, *records)),
    )


def without_zone(snapshot: Snapshot, zone: HostedZone) -> Remedy:
    """Return what takes ``zone`` from the VPC: one zone for each service's name leaves the rest."""
    vpc = f"VPCRegion={snapshot.region},VPCId={snapshot.vpc.id}"
    words = ("disassociate-vpc-from-hosted-zone", "--hosted-zone-id", zone.id, "--vpc", vpc)
    return Remedy(
        (*_by_its_owner(snapshot, zone), command(snapshot.region, "route53", *words)),
        f"# remove the aws_route53_zone_association of {zone.id} with {snapshot.vpc.id}",
    )


def _by_its_owner(snapshot: Snapshot, zone: HostedZone) -> tuple[str, ...]:
    if zone.owner in (None, snapshot.account):
        return ()
    return (f"# as account {zone.owner}, which owns {zone.id}",)


def _entries(snapshot: Snapshot, aliases: tuple[Alias, ...]) -> tuple[str, ...]:
    """Return the commands that show the hosted zone ids of the endpoints' own names."""
    ids = dict.fromkeys(each.endpoint.id for each in aliases if each.endpoint is not None)
    words = ("describe-vpc-endpoints", "--vpc-endpoint-ids")
    return tuple(aws(snapshot, *words, id_, *_ENTRY) for id_ in ids)


def _changes(aliases: tuple[Alias, ...]) -> str:
    changes: list[dict[str, Any]] = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": each.name,
                "Type": "A",
                "AliasTarget": {
                    "HostedZoneId": _UNKNOWN_ZONE,
                    "DNSName": each.target,
                    "EvaluateTargetHealth": False,
                },
            },
        }
        for each in aliases
    ]
    return json.dumps({"Changes": changes}, separators=(",", ":"))


def _record(zone: str, alias: Alias) -> str:
    return "\n".join(
        (
            f'resource "aws_route53_record" "{_name(alias.name)}" {{',
            f"  zone_id = {zone}",
            f'  name    = "{alias.name}"',
            '  type    = "A"',
            "  alias {",
            f'    name                   = "{alias.target}"',
            f'    zone_id                = "{_UNKNOWN_ZONE}"',
            "    evaluate_target_health = false",
            "  }",
            "}",
        )
    )


def _name(host: str) -> str:
    return host.replace("*", "any").replace(".", "_").replace("-", "_")
