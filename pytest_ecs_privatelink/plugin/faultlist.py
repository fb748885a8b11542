"""``--ecs-fault list``."""

from pytest_ecs_privatelink.lab.faults import describe


def print_faults() -> int:
    """Print every fault with its summary and return the exit status."""
    print(describe())
    return 0
