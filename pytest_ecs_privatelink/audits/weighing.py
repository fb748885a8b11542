"""How grave it is that a name leads to public addresses."""

from collections.abc import Iterable

from pytest_ecs_privatelink.audits.lacks import is_shut
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.topology.lookup import answers_privately, endpoints_for
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.verdict import Severity


def public_answer_weighs(scene: Scene, service: str, subnets: Iterable[Subnet]) -> Severity:
    """Return the weight of public answers for ``service`` (DESIGN, "Severity").

    A warning where every subnet has (or may have) a public path, nobody asked for the private one,
    and no endpoint claims the name by private DNS.
    """
    claimed = any(answers_privately(each) for each in endpoints_for(scene.snapshot, service))
    if scene.require_private or claimed or any(is_shut(scene, each) for each in subnets):
        return Severity.ERROR
    return Severity.WARNING
