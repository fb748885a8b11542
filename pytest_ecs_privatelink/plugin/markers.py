"""The markers: each narrows which tests run, and is checked by calling its own signature."""

from collections.abc import Callable
from typing import NamedTuple

import pytest


# A tuple, not a dataclass: every run imports this, and a dataclass costs a millisecond to make.
class Marker(NamedTuple):
    """A marker: its line for ``--markers`` and the function whose signature it must fit."""

    line: str
    signature: Callable[..., tuple[str, ...]]

    @property
    def name(self) -> str:
        """The marker's name."""
        return self.signature.__name__

    def check(self, node: pytest.Item) -> None:
        """Raise a collection error in one line where ``node`` is marked with wrong arguments."""
        self.values(node)

    def values(self, node: pytest.Item) -> tuple[tuple[str, ...], ...]:
        """Return the arguments of each such mark on ``node``: a test must fit all of them."""
        found = []
        for mark in node.iter_markers(self.name):
            try:
                found.append(self.signature(*mark.args, **mark.kwargs))
            except (TypeError, ValueError) as error:
                text = f"{node.name}: @pytest.mark.{self.name}: {error}"
                raise pytest.Collector.CollectError(text) from None
        return tuple(found)


def _texts(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError(f"give at least one {name}")
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{name} {value!r} is not a string")
    return values


def ecs_subnet(*ids_or_names: str) -> tuple[str, ...]:
    """Narrow to these subnets, by id or by slug of the Name tag."""
    return _texts("subnet", ids_or_names)


def ecs_endpoint(*services: str) -> tuple[str, ...]:
    """Narrow to these endpoint services, by short name."""
    from pytest_ecs_privatelink.catalogue.services import SERVICES

    for service in _texts("endpoint service", services):
        if service not in SERVICES:
            raise ValueError(f"{service!r} is no endpoint service; there are {', '.join(SERVICES)}")
    return services


def ecs_launch_type(*types: str) -> tuple[str, ...]:
    """Narrow to what these launch types need."""
    return _chosen("launch type", types, ("fargate", "ec2"))


def ecs_claim(name: str) -> tuple[str, ...]:
    """Name the claim that a test proves; ``--ecs-claims`` selects by it."""
    from pytest_ecs_privatelink.verdict import Claim

    return _chosen("claim", (name,), tuple(Claim))


def _chosen(name: str, values: tuple[str, ...], legal: tuple[str, ...]) -> tuple[str, ...]:
    for value in _texts(name, values):
        if value not in legal:
            raise ValueError(f"{value!r} is no {name}; choose from {', '.join(legal)}")
    return values


SUBNET = Marker(
    "ecs_subnet(*ids_or_names): run only for these subnets (id, or slug of the Name tag)",
    ecs_subnet,
)
ENDPOINT = Marker(
    "ecs_endpoint(*services): run only for these endpoint services (short names)", ecs_endpoint
)
LAUNCH_TYPE = Marker(
    "ecs_launch_type(*types): run only for what these launch types (fargate, ec2) need",
    ecs_launch_type,
)
CLAIM = Marker(
    "ecs_claim(name): the claim that the test proves; --ecs-claims selects by it", ecs_claim
)
MARKERS = (SUBNET, ENDPOINT, LAUNCH_TYPE, CLAIM)
