"""Where a run on this machine looks for what it left."""

from dataclasses import replace

from planned_vpc import vpc

from pytest_ecs_privatelink.plugin.run_here import logs_at


def test_an_emulated_vpc_left_nothing_at_aws() -> None:
    """Traces of an emulated AWS are sought where its session leads, and never in the real one."""
    snapshot = vpc()

    assert logs_at(replace(snapshot, emulated=False)) == (
        f"https://logs.{snapshot.region}.amazonaws.com"
    )
    assert logs_at(replace(snapshot, emulated=True)) is None
