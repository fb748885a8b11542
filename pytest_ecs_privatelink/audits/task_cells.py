"""The one-off tasks that findings keep from starting, or from finding their way once they run."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.verdict import (
    CHAIN_CLAIMS,
    PATH_CLAIMS,
    Cell,
    Code,
    Finding,
    LaunchType,
    Severity,
    task_cell,
)

_OF_EVERY_START = frozenset({Code.ROLE_CONDITION_MISMATCH, Code.SUBNET_ADDRESSES_EXHAUSTED})
_OF_THE_DEFINITION = frozenset(
    {
        Code.CROSS_REGION_IMAGE,
        Code.CROSS_REGION_LOGS,
        Code.CROSS_REGION_SECRET,
        Code.IMAGE_REGISTRY_PUBLIC,
        Code.EFS_MOUNT_UNREACHABLE,
        Code.ENV_FILE_BUCKET_DENIED,
    }
)
"""Of what task definitions say: the one that a run makes up for itself says none of it."""


def with_task_cells(finding: Finding, scene: Scene) -> Finding:
    """Return the finding with the one-off tasks that it stops, or that meet what it blocks.

    What blocks no path may be about other tasks than the run's own: that these start proves little.
    """
    if not scene.tasks:
        return finding
    met = frozenset(_meeting(finding, scene))
    if met:
        return replace(finding, blocks=(*finding.blocks, *sorted(met)))
    stopped = frozenset(_stopped(finding, scene))
    if not stopped:
        return finding
    return replace(finding, blocks=(*finding.blocks, *sorted(stopped)), of_others=True)


def _meeting(finding: Finding, scene: Scene) -> Iterator[Cell]:
    """Yield the tasks that need the endpoint services whose paths or chains are blocked."""
    kinds = finding.launch_types or scene.launch_types
    needing = {each.service: each.launch_types for each in scene.requirements}
    for cell in finding.blocks:
        for service in _services(cell):
            for kind in needing.get(service, ()):
                if kind in kinds and (cell.subnet, kind) in scene.tasks:
                    yield task_cell(cell.subnet, kind)


def _services(cell: Cell) -> tuple[str, ...]:
    if cell.claim in PATH_CLAIMS:
        return (cell.service,)
    return CHAINS[cell.claim, cell.service] if cell.claim in CHAIN_CLAIMS else ()


def _stopped(finding: Finding, scene: Scene) -> Iterator[Cell]:
    codes = _OF_EVERY_START | (_OF_THE_DEFINITION if scene.own_definition else frozenset())
    if finding.code not in codes or finding.severity is not Severity.ERROR:
        return
    for subnet, kind in scene.tasks:
        if _is_about(finding, scene, subnet, kind):
            yield task_cell(subnet, kind)


def _is_about(finding: Finding, scene: Scene, subnet: str, kind: LaunchType) -> bool:
    of_a_subnet = any(each.id == finding.subject for each in scene.subnets)
    if of_a_subnet and finding.subject != subnet:
        return False
    return kind in (finding.launch_types or scene.launch_types)
