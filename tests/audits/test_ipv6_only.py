"""A subnet without IPv4: audits of packet filters judge IPv4 ones, and say nothing of it."""

from dataclasses import replace

import pytest
from audit_worlds import BOTH, ENDPOINT_GROUP, PRIVATE, scene
from filter_worlds import acl, deny, guarded, healthy

from pytest_ecs_privatelink.audits.register import judge
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.verdict import Code

SIX = Subnet(
    id="subnet-six",
    cidr="2600:1f13:a::/64",
    ipv6_cidr="2600:1f13:a::/64",
    az="us-west-2a",
    free_addresses=0,
)
FILTERS = {Code.ENDPOINT_SG_INGRESS, Code.TASK_SG_EGRESS, Code.NACL_BLOCKS}


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param(healthy(replace(ENDPOINT_GROUP, ingress=())), id="endpoints admit nothing"),
        pytest.param(
            guarded(acl("acl-six", deny(1, 0, 65535, egress=True), subnets=(SIX.id,))),
            id="its ACL lets nothing out",
        ),
        pytest.param(
            replace(healthy(), subnets=(replace(PRIVATE[0], cidr=SIX.cidr), *PRIVATE[1:], SIX)),
            id="endpoints stand in another such subnet",
        ),
    ],
)
def test_filters_are_not_judged(snapshot: Snapshot) -> None:
    """No exception, and no finding that would have to be mended for IPv4."""
    seen = replace(snapshot, subnets=(*snapshot.subnets, SIX))
    findings, unseen = judge(scene(seen, BOTH, subnets=(SIX,)))
    told = {each.code for each in findings} | {each.code for each in unseen}
    assert not FILTERS & told
