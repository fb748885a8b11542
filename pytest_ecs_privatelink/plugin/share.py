"""What the controller shares with every process of a run, as JSON in xdist's ``workerinput``."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from pytest_ecs_privatelink import records
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.vantage.exchange import Link, SocketLink
from pytest_ecs_privatelink.verdict import Basis, Claim

if TYPE_CHECKING:
    from pytest_ecs_privatelink.plugin.breaking import LabHandle

WORKERINPUT = "ecs_privatelink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """How tests reach the AWS under test: ``endpoint`` is None for AWS itself."""

    region: str
    profile: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process's part of the run.

    ``link`` is None where nothing is probed, ``lab`` everywhere but in the one process that owns a
    lab with a world of its own.
    """

    plan: Plan
    cloud: Cloud
    link: Link | None
    lab: "LabHandle | None" = None


PART = pytest.StashKey[Part]()


def pack(part: Part, socket_path: str | None) -> str:
    """Return what a worker needs to plan exactly as the controller did."""
    terms = part.plan.terms
    return json.dumps(
        {
            "settings": records.to_json(part.plan.settings),
            "snapshot": snapshots.to_text(part.plan.snapshot),
            "basis": terms.basis,
            "ca_file": terms.ca_file,
            "unproven": dict(part.plan.unproven),
            "cloud": records.to_json(part.cloud),
            "socket": socket_path,
        }
    )


def unpack(text: str) -> Part:
    """Return the part of a worker; `VantageError` where the broker's socket does not answer."""
    packed = json.loads(text)
    plan = make_plan(
        records.from_json(Settings, packed["settings"]),
        snapshots.from_text(packed["snapshot"], "the controller's snapshot"),
        basis=Basis(packed["basis"]),
        ca_file=packed["ca_file"],
    )
    plan = replace(plan, unproven={Claim(claim): why for claim, why in packed["unproven"].items()})
    cloud = records.from_json(Cloud, packed["cloud"])
    return Part(plan=plan, cloud=cloud, link=_link(packed["socket"]))


def _link(socket_path: str | None) -> Link | None:
    return None if socket_path is None else SocketLink(socket_path)
