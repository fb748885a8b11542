"""The entry point: the only room that imports pytest.

Installed but not switched on, it registers options and markers and imports nothing heavier.
"""

import pytest

from pytest_ecs_privatelink.plugin import fixtures
from pytest_ecs_privatelink.plugin.markers import MARKERS
from pytest_ecs_privatelink.plugin.options import (
    add_options,
    switched_on,
    switched_on_by_command_line,
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the options with their ini twins, and the fixtures."""
    add_options(parser)
    # Naming them in pytest_plugins would have pytest 9 read every installed distribution's entry
    # points once more: milliseconds, whether we are used or not.
    pluginmanager.register(fixtures, "ecs-privatelink-fixtures")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer ``--ecs-fault list`` or ``--ecs-cleanup`` and end."""
    if (run := config.getoption("ecs_cleanup")) is not None:
        from pytest_ecs_privatelink.plugin.cleaning import clean_up

        return clean_up(config, None if run is True else run)
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
