"""The cells of chains of calls that findings block besides those of the paths."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.chains import CHAIN_OF
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Claim, Finding


def with_chain_cells(finding: Finding, scene: Scene) -> Finding:
    """Return the finding with the chains that go through what it blocks: they break with it."""
    paths = [cell for cell in finding.blocks if cell.claim in PATH_CLAIMS]
    broken = (_chain_cell(scene, cell.service, cell.subnet) for cell in paths)
    more = {cell for cell in broken if cell is not None} - set(finding.blocks)
    if not more:
        return finding
    return replace(finding, blocks=(*finding.blocks, *sorted(more)))


def chain_cells(scene: Scene, service: str, subnets: Iterable[Subnet]) -> tuple[Cell, ...]:
    """Return the cells of the chain through ``service`` in ``subnets``; none where it has none."""
    return tuple(sorted(_cells(scene, service, subnets)))


def _cells(scene: Scene, service: str, subnets: Iterable[Subnet]) -> Iterator[Cell]:
    for subnet in subnets:
        cell = _chain_cell(scene, service, subnet.id)
        if cell is not None:
            yield cell


def _chain_cell(scene: Scene, service: str, subnet: str) -> Cell | None:
    stand: tuple[Claim, str] | None = CHAIN_OF.get(service)
    if stand is None:
        return None
    claim, at = stand
    stands = subnet in scene.agents if claim is Claim.AGENT else stand in scene.chains
    return Cell(claim, subnet, at) if stands else None
