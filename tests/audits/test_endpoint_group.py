"""The audit of endpoints' security groups: who is admitted on 443, and who is not."""

from dataclasses import replace

import pytest
from audit_worlds import ENDPOINT_GROUP, FARGATE, endpoint, heads
from filter_worlds import (
    INTERFACES,
    TASKS,
    TO_ENDPOINTS,
    TO_S3,
    A,
    B,
    blocked,
    changed,
    found,
    group,
    healthy,
    rule,
    seen,
    unjudged,
)

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.topology.model import GroupRule, Unreadable
from pytest_ecs_privatelink.verdict import Code, LaunchType, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ENDPOINT_SG_INGRESS


@pytest.mark.parametrize(
    "rules",
    [
        (rule(cidr="10.0.0.0/16"),),
        (rule(cidr="10.0.0.0/24"), rule(cidr="10.0.1.0/24"), rule(cidr="10.0.2.0/24")),
        (
            rule(cidr="10.0.0.0/25"),
            rule(cidr="10.0.0.128/25"),
            rule(cidr="10.0.1.0/23"),
            rule(cidr="10.0.2.0/24"),
        ),
        (rule(group="sg-tasks"),),
        (GroupRule(protocol="-1", cidr="0.0.0.0/0"),),
        (GroupRule(protocol="6", from_port=0, to_port=65535, cidr="10.0.0.0/8"),),
    ],
)
def test_what_covers_every_subnet_is_right(rules: tuple[GroupRule, ...]) -> None:
    """By CIDR, whole or in pieces, by group, by any protocol, by a range of ports."""
    assert found(healthy(replace(ENDPOINT_GROUP, ingress=rules))) == ()


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (rule(cidr="10.1.0.0/16"),),
        (rule(cidr="::/0"),),
        (rule(group="sg-others"),),
        (GroupRule(protocol="udp", from_port=443, to_port=443, cidr="0.0.0.0/0"),),
        (GroupRule(protocol="tcp", from_port=80, to_port=442, cidr="0.0.0.0/0"),),
        (GroupRule(protocol="nonsense", cidr="0.0.0.0/0"),),
    ],
)
def test_what_admits_nobody_here_is_one_error(rules: tuple[GroupRule, ...]) -> None:
    """One finding tells of all endpoints that wear the group, and of all subnets."""
    (finding,) = found(healthy(replace(ENDPOINT_GROUP, ingress=rules)))
    assert heads((finding,)) == [(CODE, E, "sg-endpoints")]
    assert set(finding.blocks) == blocked(INTERFACES)


def test_each_set_of_groups_must_be_named_where_ecs_services_differ() -> None:
    """A rule that names the first ECS service's group does not admit the second's."""
    named = healthy(replace(ENDPOINT_GROUP, ingress=(rule(group="sg-tasks"),)))
    second = group("sg-second", egress=(TO_ENDPOINTS, TO_S3))
    named = replace(named, security_groups=(*(named.security_groups or ()), second))
    sight = replace(seen(named), others={LaunchType.FARGATE: (("sg-second",),)})
    (finding,) = run_audits(sight)
    assert (finding.code, finding.severity, finding.launch_types) == (CODE, E, FARGATE)


def test_one_line_names_the_cause() -> None:
    """The summary, what is expected and observed, and what mends it, for two subnets of three."""
    some = replace(ENDPOINT_GROUP, ingress=(rule(cidr="10.0.2.0/24"),))
    (finding,) = found(healthy(some))
    assert finding.summary == (
        "sg-endpoints admits 443 only from 10.0.2.0/24: private-a, private-b cannot reach "
        "7 endpoint services"
    )
    assert finding.expected == "inbound TCP 443 from 10.0.0.0/24, 10.0.1.0/24"
    assert finding.observed == "inbound TCP 443 from 10.0.2.0/24"
    assert set(finding.blocks) == blocked(INTERFACES, A.id, B.id)
    assert finding.remedy.cli == (
        "aws ec2 authorize-security-group-ingress --region us-west-2 --group-id sg-endpoints"
        " --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,"
        "IpRanges=[{CidrIp=10.0.0.0/24},{CidrIp=10.0.1.0/24}]'",
    )
    assert finding.remedy.terraform.startswith(
        'resource "aws_vpc_security_group_ingress_rule" "https_1" {\n'
        '  security_group_id = "sg-endpoints"\n'
        '  cidr_ipv4         = "10.0.0.0/24"\n'
        '  ip_protocol       = "tcp"\n'
        "  from_port         = 443\n"
        "  to_port           = 443\n"
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


def test_a_subnet_covered_in_part_is_a_warning_that_names_the_rest() -> None:
    """From the rest packets are dropped all the same, so the cell is blocked."""
    half = (rule(cidr="10.0.0.0/25"), rule(cidr="10.0.1.0/24"), rule(cidr="10.0.2.0/24"))
    (finding,) = found(healthy(replace(ENDPOINT_GROUP, ingress=half)))
    assert heads((finding,)) == [(CODE, W, "sg-endpoints")]
    assert finding.summary == (
        "sg-endpoints admits 443 from a part of private-a only: 10.0.0.128/25 cannot reach "
        "7 endpoint services"
    )
    assert set(finding.blocks) == blocked(INTERFACES, A.id)


def test_addresses_that_aws_gives_nobody_need_no_rule() -> None:
    """The first four of a subnet and its last are nobody's."""
    pieces = (
        "10.0.0.4/30",
        "10.0.0.8/29",
        "10.0.0.16/28",
        "10.0.0.32/27",
        "10.0.0.64/26",
        "10.0.0.128/25",
        "10.0.1.0/24",
        "10.0.2.0/24",
    )
    rules = tuple(rule(cidr=each) for each in pieces)
    assert found(healthy(replace(ENDPOINT_GROUP, ingress=rules))) == ()


def test_a_named_group_is_a_warning_where_nobody_knows_what_tasks_wear() -> None:
    """Then tasks must wear it."""
    named = replace(ENDPOINT_GROUP, ingress=(rule(group="sg-app"),))
    (finding,) = found(healthy(named), {})
    assert heads((finding,)) == [(CODE, W, "sg-endpoints")]
    assert finding.summary == (
        "sg-endpoints admits 443 only from wearers of sg-app: to reach 7 endpoint services from "
        "private-a, private-b, private-c, tasks must wear sg-app, and what they wear is unknown"
    )
    assert finding.remedy.cli[0] == "# have tasks wear sg-app, or admit their subnets:"


def test_one_launch_type_that_is_refused_is_enough() -> None:
    """Container instances wear the named group, tasks do not: what only hosts need is spared."""
    named = replace(ENDPOINT_GROUP, ingress=(rule(group="sg-hosts"),))
    hosts = group("sg-hosts", egress=(TO_ENDPOINTS, TO_S3))
    worn: dict[LaunchType, tuple[str, ...]] = {
        LaunchType.FARGATE: TASKS,
        LaunchType.EC2: ("sg-hosts",),
    }
    (finding,) = found(healthy(named, hosts), worn)
    assert finding.launch_types == FARGATE
    only_hosts = {"ecs", "ecs-agent", "ecs-telemetry"}
    assert set(finding.blocks) == blocked(set(INTERFACES) - only_hosts)


def test_no_group_means_the_default_group() -> None:
    """AWS attaches it; its own members are all that it admits."""
    open_ = group("sg-tasks", egress=(GroupRule(protocol="-1", cidr="0.0.0.0/0"),))
    (finding,) = found(changed(healthy(open_), "logs", groups=()))
    assert heads((finding,)) == [(CODE, E, "sg-default")]
    assert finding.summary == (
        "sg-default admits 443 from nowhere: private-a, private-b, private-c cannot reach logs"
    )
    assert set(finding.blocks) == blocked(["logs"])


@pytest.mark.parametrize("changes", [{"private_dns": False}, {"state": "pending"}])
def test_an_endpoint_that_no_name_leads_to_is_not_judged(changes: dict[str, object]) -> None:
    """Nothing dials it: other audits speak."""
    closed = changed(healthy(), "logs", groups=("sg-default",), **changes)
    assert CODE not in {finding.code for finding in found(closed)}


def test_groups_that_could_not_be_read_are_unseen() -> None:
    """A group that is not there could admit everybody."""
    denied = Unreadable(part="security_groups", permission="ec2:DescribeSecurityGroups", error="no")
    snapshot = replace(healthy(), security_groups=None, unreadable=(denied,))
    assert found(snapshot, {}) == ()
    (unseen,) = (each for each in unjudged(snapshot, {}) if each.code is CODE)
    assert unseen.subject == "sg-endpoints"
    assert unseen.reason == (
        "its security groups could not be read: missing permission ec2:DescribeSecurityGroups"
    )
    assert unseen.permissions == ("ec2:DescribeSecurityGroups",)


def test_a_prefix_list_that_could_not_be_read_is_unseen() -> None:
    """Its ranges could be the subnets'."""
    listed = replace(ENDPOINT_GROUP, ingress=(rule(prefix_list="pl-foreign"),))
    (unseen,) = unjudged(healthy(listed))
    assert (unseen.code, unseen.permissions) == (CODE, ("ec2:GetManagedPrefixListEntries",))
    assert found(healthy(listed)) == ()


def test_what_endpoints_let_out_never_matters() -> None:
    """Replies are admitted by state: the group of the healthy VPC lets nothing out."""
    assert ENDPOINT_GROUP.egress == ()
    assert endpoint("logs").groups == (ENDPOINT_GROUP.id,)
    assert found(healthy()) == ()
