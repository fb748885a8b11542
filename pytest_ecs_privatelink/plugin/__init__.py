"""The entry point: the only room that imports pytest.

Installed but not switched on, it registers options and markers and imports nothing heavier.
"""

import pytest

from pytest_ecs_privatelink.plugin.markers import MARKERS
from pytest_ecs_privatelink.plugin.options import (
    add_options,
    switched_on,
    switched_on_by_command_line,
)

pytest_plugins = ("pytest_ecs_privatelink.plugin.fixtures",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options and their ini twins."""
    add_options(parser)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer ``--ecs-fault list`` and end."""
    if "list" not in (config.getoption("ecs_fault") or ()):
        return None
    from pytest_ecs_privatelink.plugin.faultlist import print_faults

    return print_faults()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; where switched on, check the values and take part in the run."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker.line)
    if not switched_on(config) and not config.getoption("ecs_fault"):
        return
    from pytest_ecs_privatelink.plugin.participate import take_part

    take_part(config, bundled=switched_on_by_command_line(config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Check the arguments of our markers, whether switched on or not."""
    for marker in MARKERS:
        marker.check(metafunc.definition)
