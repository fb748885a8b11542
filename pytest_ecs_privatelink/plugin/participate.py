"""Where the plugin is switched on: check values, choose tests, join as controller or worker."""

import re
from importlib.util import find_spec

import pytest

from pytest_ecs_privatelink.errors import EcsPrivatelinkError, SettingsError
from pytest_ecs_privatelink.plugin.bundled import scenarios_folder
from pytest_ecs_privatelink.plugin.controller import Controller
from pytest_ecs_privatelink.plugin.selecting import Selecting
from pytest_ecs_privatelink.plugin.settings import Settings, read_settings
from pytest_ecs_privatelink.plugin.share import WORKERINPUT
from pytest_ecs_privatelink.plugin.telling import Telling
from pytest_ecs_privatelink.plugin.worker import Worker
from pytest_ecs_privatelink.reporting.json_report import check_writable
from pytest_ecs_privatelink.topology import snapshot as snapshots

_LAB_NEEDS = ("moto", "flask", "flask_cors", "trustme")
_REMOTE_GATEWAYS = ("ssh", "vagrant_ssh", "socket")


def take_part(config: pytest.Config, *, bundled: bool) -> None:
    """Register the plugins of this process's role; with ``bundled``, prove our own scenarios."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is None:
        try:
            settings = read_settings(config)
            _check_early(settings)
        except EcsPrivatelinkError as error:
            raise pytest.UsageError(str(error)) from None
        _refuse_remote_workers(config)
        role: Controller | Worker = Controller(config, settings)
    else:
        role = Worker(workerinput[WORKERINPUT])
    if bundled and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(scenarios_folder())]
        config.args_source = pytest.Config.ArgsSource.ARGS
    for name, plugin in (("role", role), ("selecting", Selecting()), ("telling", Telling())):
        config.pluginmanager.register(plugin, f"ecs-privatelink-{name}")


def _check_early(settings: Settings) -> None:
    if settings.lab and (missing := [each for each in _LAB_NEEDS if find_spec(each) is None]):
        raise SettingsError(
            f"--ecs-lab needs {', '.join(missing)}: pip install 'pytest-ecs-privatelink[lab]'"
        )
    if settings.json is not None:
        check_writable(settings.json)
    if settings.save_snapshot is not None:
        snapshots.check_writable(settings.save_snapshot)


def _refuse_remote_workers(config: pytest.Config) -> None:
    if any(_is_elsewhere(spec) for spec in config.getoption("tx", default=None) or ()):
        raise pytest.UsageError(
            "--tx: ecs-privatelink's workers share this machine with the controller; use -n"
        )


def _is_elsewhere(spec: str) -> bool:
    """Return whether a worker's specification, ``[N*]key=value//key=value``, names another host."""
    keys = {part.partition("=")[0] for part in re.sub(r"^\d+\*", "", spec).split("//")}
    return not keys.isdisjoint(_REMOTE_GATEWAYS)
