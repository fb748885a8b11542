"""A test of one's own, as the README shows it: our registry answers from every subnet."""


def test_registry_answers(ecs_vpc, ecs_probe):
    """Our registry's name resolves inside the VPC and proves who it is."""
    registry = f"{ecs_vpc.account}.dkr.ecr.{ecs_vpc.region}.amazonaws.com"
    answer = ecs_probe.tls(registry)
    assert answer.status == "open", answer.detail
