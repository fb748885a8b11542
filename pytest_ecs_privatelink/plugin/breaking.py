"""The running lab in the hands of a test that breaks it itself."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.faults import Fault
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.plugin.lab_instances import open_lab_instances
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.vantage.exchange import Exchange

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, slots=True, kw_only=True)
class LabHandle:
    """The lab's own world: change its cloud through `session`, then `refresh` its network."""

    laboratory: Laboratory
    world: World
    faults: tuple[Fault, ...]
    plan: Plan
    exchange: Exchange | None

    @property
    def session(self) -> "boto3.Session":
        """A boto3 session for the lab's cloud."""
        return self.laboratory.session()

    def refresh(self) -> Snapshot:
        """Read the cloud again, compile it into a new twin, and probe that one from now on.

        Which tests run was decided before; checks are judged afresh. `SettingsError` where
        nothing is probed in this run.
        """
        if self.exchange is None:
            raise SettingsError("nothing is probed in this run: there is no network to refresh")
        terms = self.plan.terms
        snapshot = self.laboratory.read(self.world, self.faults).snapshot
        self.laboratory.renew_twin()
        plan = make_plan(
            self.plan.settings,
            snapshot,
            basis=terms.basis,
            ca_file=terms.ca_file,
        )
        subnets = tuple(subnet.id for subnet in plan.terms.subnets)
        twin_faults = tuple(each for fault in self.faults for each in fault.twin)
        self.laboratory.build_twin(snapshot, subnets, plan.terms.wearers, twin_faults)
        places = open_lab_instances(self.laboratory, plan)
        self.exchange.restart(_still_testing(plan.terms, terms), places.vantages)
        return snapshot


def _still_testing(new: Terms, old: Terms) -> Terms:
    """Return ``new`` with what ``old`` had under test: tests go on asking for what has vanished."""
    known = {each.service for each in new.services}
    vanished = (replace(each, endpoint=None) for each in old.services if each.service not in known)
    return replace(new, services=(*new.services, *vanished))
