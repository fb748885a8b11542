"""A test that breaks the lab itself: what the alarm would see if a rule were lost."""


def test_lost_rule_is_noticed(ecs_lab, ecs_probe, ecs_vpc):
    """Without its 443 rule the endpoints' security group lets nothing in."""
    ec2 = ecs_lab.session.client("ec2")
    group = ecs_lab.world.endpoint_group
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    ecs_lab.refresh()
    try:
        assert ecs_probe.tls(f"logs.{ecs_vpc.region}.amazonaws.com").status == "timeout"
    finally:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
        ecs_lab.refresh()
