"""Run independent reads at once, and keep apart what was read from what was refused."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from pytest_ecs_privatelink.topology.reader.wire import Refused

Refusals = dict[str, Refused]


def gather(
    pool: Executor, errands: Mapping[str, Callable[[], Any]]
) -> tuple[dict[str, Any], Refusals]:
    """Return what each errand brought, by its key (None where it was refused), and refusals."""
    futures = {key: pool.submit(errand) for key, errand in errands.items()}
    brought: dict[str, Any] = {}
    refusals: Refusals = {}
    for key, future in futures.items():
        try:
            brought[key] = future.result()
        except Refused as refused:
            brought[key] = None
            refusals[key] = refused
    return brought, refusals
