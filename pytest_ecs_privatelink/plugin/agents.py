"""Where the claim about container agents has cells: in subnets where instances stand."""

from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.catalogue.agents import STANDS_AT
from pytest_ecs_privatelink.claims.answers import missing_permission
from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.instances import own_instances
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Claim, LaunchType

NO_EC2 = "ec2 is no launch type under test"


def agent_subnets(terms: Terms, launch_types: Iterable[LaunchType]) -> frozenset[str]:
    """Return ids of the subnets under test whose container instances can be asked."""
    if LaunchType.EC2 not in launch_types or not _is_tested(terms):
        return frozenset()
    standing = {each.subnet for each in own_instances(terms.snapshot)}
    return frozenset(each.id for each in terms.subnets if each.id in standing)


def agents_unproven(
    settings: Settings, terms: Terms, launch_types: Iterable[LaunchType]
) -> Mapping[Claim, str]:
    """Return why the claim has no cell at all where it is asked for; nothing where it has one."""
    if Claim.AGENT not in settings.claims or agent_subnets(terms, launch_types):
        return {}
    if LaunchType.EC2 not in launch_types:
        return {Claim.AGENT: NO_EC2}
    if not _is_tested(terms):
        return {Claim.AGENT: f"{STANDS_AT} is not under test"}
    return {Claim.AGENT: _why(terms.snapshot)}


def _is_tested(terms: Terms) -> bool:
    return any(each.service == STANDS_AT for each in terms.services)


def _why(snapshot: Snapshot) -> str:
    cluster = snapshot.cluster
    if cluster is None:
        return "no container instance is known: --ecs-cluster names their cluster"
    if cluster.instances is None:
        permission = missing_permission(snapshot, "cluster.instances")
        return f"the container instances could not be read{permission}"
    if cluster.instances and not own_instances(snapshot):
        return "all container instances are ECS Managed Instances, whose agents are AWS's to keep"
    return f"no container instance of {cluster.name} stands in a subnet under test"
