"""Agents that are older than their endpoints are well again once they have been restarted (R18)."""

import time
from contextlib import ExitStack, closing
from dataclasses import replace

from rehearsals import IN_LAB, TIMEOUT

from pytest_ecs_privatelink.catalogue.agents import STANDS_AT
from pytest_ecs_privatelink.lab.cloud import REGION
from pytest_ecs_privatelink.lab.hasty_watch import HastyWatch
from pytest_ecs_privatelink.lab.laboratory import Laboratory, faults_named
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.run import private_folder
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.exchange import Exchange
from pytest_ecs_privatelink.verdict import Basis, Cell, Claim, Code, LaunchType, Verdict

# As `docker restart ecs-agent` does it, for hosts of the lab have no such command.
RESTART = """python3 - <<'END'
import http.client, socket
line = http.client.HTTPConnection("docker")
line.sock = socket.socket(socket.AF_UNIX)
line.sock.connect("/var/run/docker.sock")
line.request("POST", "/containers/ecs-agent/restart")
assert line.getresponse().status == 204
END
"""
SECONDS = 20.0


def judged(exchange: Exchange, plan: Plan) -> dict[str, tuple[Verdict, Code | None]]:
    """Return how the agents' cells end, by subnet."""
    cells = [Cell(Claim.AGENT, each, STANDS_AT) for each in plan.agents]
    exchange.select(cells)
    checks = [exchange.check(cell) for cell in cells]
    return {plan.terms.slugs[each.subnet or ""]: (each.verdict, each.code) for each in checks}


def restart_agents(laboratory: Laboratory, instances: list[str]) -> None:
    """Restart the agent of each instance by way of SSM, and wait until that is done."""
    ssm = laboratory.session().client("ssm")
    sent = ssm.send_command(
        InstanceIds=instances,
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": [RESTART]},
    )
    command = sent["Command"]["CommandId"]
    deadline = time.monotonic() + SECONDS
    for each in instances:
        status = "Pending"
        while status in ("Pending", "InProgress") and time.monotonic() < deadline:
            told = ssm.get_command_invocation(CommandId=command, InstanceId=each)
            status = told["Status"]
            time.sleep(0.02)
        assert status == "Success", told["StandardErrorContent"]


def test_a_restarted_agent_is_well_again() -> None:
    """Red while it is as old as it was, green in the subnet where it was restarted, then in all."""
    asked = replace(IN_LAB, launch_types=tuple(LaunchType), timeout=TIMEOUT)
    with ExitStack() as stack:
        laboratory = stack.enter_context(closing(Laboratory(cloud=True, twin=True)))
        snapshot = laboratory.build_world(faults_named(("agent-stale",))).reading.snapshot
        plan = make_plan(asked, snapshot, basis=Basis.PROBED, ca_file=str(laboratory.ca_file))
        laboratory.build_twin(snapshot, tuple(plan.agents), plan.terms.wearers)
        vantages = laboratory.twin.vantages
        watch = HastyWatch(laboratory.session, REGION)
        exchange = Exchange(
            Broker(plan.terms, vantages, {}, watch=watch), private_folder(stack) / "broker.sock"
        )
        stack.callback(exchange.close)
        instances = {subnet: each.instances[0] for subnet, each in vantages.items()}
        first, *others = sorted(instances)

        before = judged(exchange, plan)
        restart_agents(laboratory, [instances[first]])
        exchange.restart(plan.terms, laboratory.twin.new_vantages())
        between = judged(exchange, plan)
        restart_agents(laboratory, [instances[each] for each in others])
        exchange.restart(plan.terms, laboratory.twin.new_vantages())
        after = judged(exchange, plan)

    stale, well = (Verdict.FAILED, Code.AGENT_STALE), (Verdict.PASSED, None)
    assert before == dict.fromkeys(before, stale)
    assert len(before) == len(instances) == 3
    assert between == {**before, plan.terms.slugs[first]: well}
    assert after == dict.fromkeys(before, well)
