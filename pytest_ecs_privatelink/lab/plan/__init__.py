"""A snapshot compiled into the plan of its twin: pure, deterministic, without a kernel."""

from pytest_ecs_privatelink.lab.plan.compiler import compile_plan
from pytest_ecs_privatelink.lab.twin_plan import Host, TwinPlan

__all__ = ["Host", "TwinPlan", "compile_plan"]
