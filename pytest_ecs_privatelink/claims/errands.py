"""The errands of a run: what to pull, write to and fetch, as tasks would when they start."""

import secrets as random
from dataclasses import dataclass, field

from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.topology.starting import LogGroup, Pull
from pytest_ecs_privatelink.verdict import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """What chain claims do. ``secrets`` and ``parameters`` are references as in ``valueFrom``.

    Without ``log_groups`` a temporary group is meant, without ``secrets`` the word of the service
    that a name of the run's own does not exist. ``read_only`` creates nothing anywhere. ``run`` is
    the run's id, ``key`` a random one under which fetched values are told apart.
    """

    pulls: tuple[Pull, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    secrets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    read_only: bool = False
    run: str = ""
    key: str = field(default_factory=lambda: random.token_hex(16), repr=False, compare=False)

    @property
    def mark(self) -> str:
        """What names of all that this run creates begin with."""
        return marked(self.run)

    def carries(self, claim: Claim, service: str) -> bool:
        """Return whether a claim of the start-up chain has anything to ask for at ``service``."""
        if claim is Claim.ECR_PULL:
            return bool(self.pulls)
        return service != "ssm" or bool(self.parameters)

    def references(self, service: str) -> tuple[str, ...]:
        """Return what to fetch from ``service``: ``secretsmanager`` or ``ssm``."""
        return {"secretsmanager": self.secrets, "ssm": self.parameters}[service]


NOTHING = Errands()
