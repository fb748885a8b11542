"""Which security groups those wear whose packets matter."""

from collections.abc import Mapping

from pytest_ecs_privatelink.verdict import LaunchType

Wearers = Mapping[LaunchType, tuple[str, ...] | None]
"""Groups of Fargate tasks, and of container instances, from which on EC2 the agent, pulls, logs and
secrets leave (FACTS section 5); None, or no entry: nobody knows."""

GroupSets = tuple[tuple[str, ...], ...]
"""Sets of group ids that are worn together."""
