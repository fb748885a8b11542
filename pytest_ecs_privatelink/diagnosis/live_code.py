"""The words of a live code.

Texts are templates over the keys of `wording.facts_of`. The first of ``cases`` whose keys are all
known is the sentence; else ``says``, to which ``next`` is added. Of ``cli`` (the AWS CLI's words
after ``aws``; the Region is added), ``own`` (arguments of this package's own command line) and
``terraform`` those with an unknown key are left out.
"""

from dataclasses import dataclass

from pytest_ecs_privatelink.diagnosis.grouping import Axis


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCode:
    """What a live failure says, what to look at ``next``, and what may be blamed for it."""

    says: str
    next: str
    cases: tuple[str, ...] = ()
    cli: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    terraform: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = (Axis.SERVICE, Axis.SUBNET)
