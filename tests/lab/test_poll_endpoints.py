"""Where agents are sent depends on the way by which they asked, and policies may stop them."""

from dataclasses import replace
from typing import Any

import pytest
from inside_host import run
from twin_rehearsal import plan_of, rehearse
from twin_snapshots import healthy, second_subnet_behind_nat, with_endpoint_policy

from pytest_ecs_privatelink.lab.cloud import Cloud
from pytest_ecs_privatelink.lab.plan.agents import planned_agents
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.probes.records import DnsStatus
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code

SERVICES = ("ecs", "ecs-agent", "ecs-telemetry")
PLAIN = ["https://ecs-a.us-east-1.amazonaws.com/", "https://ecs-t.us-east-1.amazonaws.com/"]
NUMBERED = ["https://ecs-a-4.us-east-1.amazonaws.com/", "https://ecs-t-4.us-east-1.amazonaws.com/"]
ASK = """
status, said = call(
    "ecs.us-east-1.amazonaws.com", "AmazonEC2ContainerServiceV20141113.DiscoverPollEndpoint", {}
)
print(json.dumps([status, said]))
"""


def sent(snapshot: Snapshot, host: int = 0, faults: tuple[TwinFault, ...] = ()) -> tuple[int, Any]:
    """Return status and answer of an agent's call on a host in the twin of ``snapshot``."""
    with rehearse(snapshot, faults=faults) as lab:
        status, said = run(lab.twin, ASK, host)
    return status, said


def hosts(said: dict[str, str]) -> list[str]:
    """Return the two addresses of an answer."""
    return [said["endpoint"], said["telemetryEndpoint"]]


def test_through_the_endpoint_they_are_sent_to_private_names() -> None:
    """Names that private DNS covers, though no cloud is behind the endpoint."""
    status, said = sent(healthy(services=SERVICES))

    assert (status, hosts(said)) == (200, PLAIN)


def test_by_a_nat_gateway_they_are_sent_to_numbered_hosts() -> None:
    """Without an endpoint for ecs the call goes out, and so will what follows from it."""
    lacking = second_subnet_behind_nat(healthy(3, services=SERVICES[1:]))

    status, said = sent(lacking, host=1)

    assert (status, hosts(said)) == (200, NUMBERED)


@pytest.mark.parametrize(("service", "there"), [("ecs", NUMBERED), (None, PLAIN)])
def test_a_fault_sends_them_there_through_the_endpoint(
    service: str | None, there: list[str]
) -> None:
    """The endpoint's own does; what their proxy does to agents does nothing to others' calls."""
    fault = TwinFault(Code.AGENT_PUBLIC_PATH, service)

    status, said = sent(healthy(services=SERVICES), faults=(fault,))

    assert (status, hosts(said)) == (200, there)


def test_numbered_hosts_resolve_publicly_alone() -> None:
    """No endpoint has their names; that of an agent's endpoint stays private."""
    with rehearse(healthy(services=SERVICES)) as lab:
        numbered, plain = (
            lab.resolve("subnet-0", f"{name}.us-east-1.amazonaws.com")
            for name in ("ecs-a-4", "ecs-a")
        )

    assert (numbered.status, plain.status) == (DnsStatus.ANSWERED, DnsStatus.ANSWERED)
    assert not any(each.startswith("10.") for each in numbered.addresses)
    assert all(each.startswith("10.") for each in plain.addresses)


def test_the_policy_of_the_endpoint_stops_them() -> None:
    """In AWS's words, about the role of the instances."""
    sample = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["ecs:CreateCluster", "ecs:ListClusters"],
        "Resource": "*",
    }
    status, said = sent(with_endpoint_policy(healthy(services=SERVICES), "vpce-0", sample))

    assert (status, said["__type"]) == (400, "AccessDeniedException")
    assert said["message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/lab-container-instance/lab is not authorized "
        "to perform: ecs:DiscoverPollEndpoint on resource: * because no VPC endpoint policy allows "
        "the ecs:DiscoverPollEndpoint action"
    )


def test_a_policy_that_hangs_on_the_role_lets_agents_pass() -> None:
    """A snapshot does not tell which role instances have."""
    one = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/agents"},
        "Action": "ecs:*",
        "Resource": "*",
    }
    status, said = sent(with_endpoint_policy(healthy(services=SERVICES), "vpce-0", one))

    assert (status, hosts(said)) == (200, PLAIN)


def test_the_cloud_itself_is_public() -> None:
    """Whoever calls it without a twin came through no endpoint."""
    with Cloud.launch() as cloud:
        cloud.wait()
        said = cloud.session().client("ecs").discover_poll_endpoint(cluster="lab")

    assert hosts(said) == NUMBERED


def test_faults_are_on_the_hosts_too() -> None:
    """An agent that does not run is silent, one behind a proxy has its variable."""
    instance = ContainerInstance(
        arn="arn:i",
        instance="i-1",
        agent_version="1.90.0",
        agent_connected=True,
        registered=None,
        subnet="subnet-0",
    )
    snapshot = replace(
        healthy(services=SERVICES), cluster=Cluster(arn="arn:c", name="c", instances=(instance,))
    )
    dead, proxied = TwinFault(Code.AGENT_DISCONNECTED), TwinFault(Code.AGENT_PUBLIC_PATH)

    told = [
        (agent.silent, agent.proxies)
        for faults in ((), (dead,), (proxied,), (TwinFault(Code.AGENT_PUBLIC_PATH, "ecs"),))
        for agent in planned_agents(snapshot, faults).values()
    ]

    proxies = ("HTTP_PROXY=http://proxy.lab.internal:3128",)
    assert told == [(False, ()), (True, ()), (False, proxies), (False, ())]
    assert plan_of(snapshot, faults=(dead,)).hosts[0].agent is not None
