"""``--ecs-cleanup``: remove what killed runs left, tell it, and end.

Exit status: 0 where nothing is left of what was sought, 1 where something is, or could not be
looked for; 4 (as for any wrong option) where the option itself has no meaning.
"""

import sys
import time

import pytest
from botocore.exceptions import BotoCoreError

from pytest_ecs_privatelink.catalogue.marks import RUN_ID
from pytest_ecs_privatelink.errors import EcsPrivatelinkError, ReadError, SettingsError
from pytest_ecs_privatelink.plugin.settings import Settings, read_settings
from pytest_ecs_privatelink.targets.aws import open_session
from pytest_ecs_privatelink.targets.cleanup import MILLISECONDS_OF_GRACE, Cleaned, Sought, clean
from pytest_ecs_privatelink.targets.log_groups import log_groups_of
from pytest_ecs_privatelink.targets.traces import in_words


def clean_up(config: pytest.Config, run: str | None) -> int:
    """Remove the traces of ``run`` (None: of all that are old enough); return the exit status."""
    try:
        settings = read_settings(config)
        _refuse(settings, run)
        cleaned = _clean(settings, run)
    except ReadError as error:
        return _failed((str(error),))
    except EcsPrivatelinkError as error:
        raise pytest.UsageError(str(error)) from None
    except BotoCoreError as error:
        return _failed((in_words(error),))
    if cleaned.problems:
        return _failed(cleaned.problems)
    if not cleaned.removed:
        print(f"nothing of run {run} is left" if run else _NOTHING_OLD)
    return int(pytest.ExitCode.OK)


_NOTHING_OLD = "nothing older than an hour is left of any run"


def _refuse(settings: Settings, run: str | None) -> None:
    if settings.lab:
        raise SettingsError("--ecs-cleanup: the lab's AWS ends with its run, nothing of it is left")
    if settings.snapshot is not None:
        raise SettingsError("--ecs-cleanup looks in AWS itself: --ecs-snapshot reads nothing there")
    if run is not None and not RUN_ID.fullmatch(run):
        raise SettingsError(
            f"--ecs-cleanup {run!r}: not the id of a run, which is 12 digits such as 0123456789ab"
        )


def _clean(settings: Settings, run: str | None) -> Cleaned:
    opened = open_session(
        profile=settings.profile,
        region=settings.region,
        profile_named_by="ecs_profile"
        if settings.sources.get("profile") == "ini"
        else "--ecs-profile",
    )
    groups: tuple[str, ...] | None = None
    if settings.log_group is not None:
        groups = (settings.log_group,)
    elif settings.cluster is not None:
        groups = log_groups_of(
            opened.session, opened.region, settings.cluster, settings.ecs_services
        )
    before = int(time.time() * 1000) - MILLISECONDS_OF_GRACE
    return clean(
        opened.session,
        Sought(
            run=run,
            before=before,
            groups=groups,
            clusters=None if settings.cluster is None else (settings.cluster,),
        ),
        lambda trace: print(f"removed {trace}", flush=True),
    )


def _failed(problems: tuple[str, ...]) -> int:
    for problem in problems:
        print(f"ERROR: {problem}", file=sys.stderr)
    return int(pytest.ExitCode.TESTS_FAILED)
