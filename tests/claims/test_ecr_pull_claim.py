"""How ``ecr-pull`` is asked, and how the way of the layers is judged."""

from dataclasses import replace

import pytest
from chain_worlds import (
    ADDRESSES,
    EC2,
    ERRANDS,
    FARGATE,
    IMAGE,
    LAYER_HOP,
    PULLED,
    REDIRECT,
    REGISTRY,
    S3_ADDRESS,
    Scripted,
    chain_terms,
    ended,
    proven,
    world,
)
from claim_worlds import LAYERS, NAT, REGION, S3_ROUTE

from pytest_ecs_privatelink.claims.terms import Stand
from pytest_ecs_privatelink.probes.call_records import (
    CallAnswer,
    CallStatus,
    Hop,
    Link,
    Outcome,
    PullQuestion,
)
from pytest_ecs_privatelink.probes.records import Question
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Interface, Unreadable
from pytest_ecs_privatelink.topology.starting import Pull
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict

PULL = Claim.ECR_PULL


def layers_from(*addresses: str, host: str = LAYERS) -> Scripted:
    """Return a vantage in which layers arrive from these addresses."""
    hop = replace(LAYER_HOP, host=host, addresses=addresses, address=addresses[0])
    answer = replace(PULLED, hops=(REDIRECT, hop))
    return Scripted(call=lambda _: answer)


def test_a_pull_asks_for_what_the_task_would() -> None:
    """Image and platform are the task definition's, the API host is the catalogue's."""
    vantage = Scripted()
    errands = replace(ERRANDS, pulls=(Pull(image=IMAGE, platform="linux/arm64"),))
    proven(PULL, vantage, chain_terms(errands=errands, ca_file="/ca.pem"))
    assert vantage.calls == [
        PullQuestion(
            image=IMAGE,
            api="api.ecr.us-east-1.amazonaws.com",
            region=REGION,
            platform="linux/arm64",
            ca_file="/ca.pem",
            timeout=2.0,
            launch_types=(FARGATE,),
        )
    ]


def test_what_arrived_is_told_hop_by_hop() -> None:
    """Host, address, status, bytes and time of each hop stand in the check."""
    assert proven(PULL).observed == (
        f"{IMAGE}: 5 layers, 1000 bytes, sha256:abc; "
        f"layer {REGISTRY} at 20.10.1.11: 307, 0 bytes in 2.0 ms; "
        f"layer {LAYERS} at 52.216.0.1: 200, 1000 bytes in 4.0 ms"
    )


def test_one_pull_for_each_set_of_groups() -> None:
    """Fargate tasks and hosts that wear the same are one guise; what is alike is told once."""
    both = chain_terms(kinds=(FARGATE, EC2))
    alike, apart = Scripted(), Scripted()
    proven(PULL, alike, both, stand=Stand(label="local", groups=("sg-tasks",)))
    dressed = Stand(label="lab", groups=None, wearers={FARGATE: ("sg-tasks",), EC2: ("sg-hosts",)})
    check = proven(PULL, apart, both, stand=dressed)
    assert [each.launch_types for each in alike.calls if isinstance(each, PullQuestion)] == [
        (FARGATE, EC2)
    ]
    assert [each.launch_types for each in apart.calls if isinstance(each, PullQuestion)] == [
        (FARGATE,),
        (EC2,),
    ]
    assert check.observed.count(f"{IMAGE}: 5 layers") == 1


def test_guises_that_fared_differently_are_told_apart() -> None:
    """Whose packets were lost stands before what was seen of them."""
    lost = replace(PULLED, outcome=Outcome(status=CallStatus.TIMEOUT, link=Link.LAYER))

    def call(question: Question) -> CallAnswer | None:
        hosts = isinstance(question, PullQuestion) and question.launch_types == (EC2,)
        return lost if hosts else None

    dressed = Stand(label="lab", groups=None, wearers={FARGATE: ("sg-tasks",), EC2: ("sg-hosts",)})
    check = proven(PULL, Scripted(call=call), chain_terms(kinds=(FARGATE, EC2)), stand=dressed)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.ECR_LAYER)
    where = f"{LAYERS} at {S3_ADDRESS}"
    assert check.observed == f"as ec2: {IMAGE}: layer: {where}: no answer in phase request"


def test_of_several_images_the_worst_counts() -> None:
    """One image that cannot be had fails the cell, whatever the others do."""
    other = f"{REGISTRY}/side:2"
    missing = replace(
        PULLED, image=other, outcome=Outcome(status=CallStatus.MISSING, link=Link.MANIFEST)
    )

    def call(question: Question) -> CallAnswer | None:
        return missing if isinstance(question, PullQuestion) and question.image == other else None

    errands = replace(ERRANDS, pulls=(Pull(image=IMAGE), Pull(image=other)))
    check = proven(PULL, Scripted(call=call), chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.ECR_MANIFEST)
    assert check.observed == f"{other}: manifest: it is not there"


def test_without_an_image_nothing_is_pulled() -> None:
    """A run that knows of none says so."""
    vantage = Scripted()
    check = proven(PULL, vantage, chain_terms(errands=replace(ERRANDS, pulls=())))
    assert (check.verdict, check.reason) == (
        Verdict.SKIPPED,
        "no image of this Region's ECR is known: --ecs-image names one",
    )
    assert vantage.asked == []


@pytest.mark.parametrize("egress", [Egress.NONE, Egress.NAT])
def test_layers_that_did_not_come_from_s3_are_told(egress: Egress) -> None:
    """An address outside S3's prefix list is no private path; NAT makes that a warning."""
    read = world(S3_ROUTE, NAT) if egress is Egress.NAT else None
    check = proven(PULL, layers_from("198.51.100.7"), chain_terms(read, egress=egress))
    excused = egress is Egress.NAT
    assert check.verdict is (Verdict.WARNED if excused else Verdict.FAILED)
    assert check.code is Code.ECR_LAYER_PATH
    assert check.observed == (
        f"{IMAGE}: 5 layers, 1000 bytes arrived from {LAYERS} at 198.51.100.7: public"
    )


def test_private_paths_that_are_asked_for_leave_no_excuse() -> None:
    """``--ecs-require-private`` fails what arrives through NAT."""
    terms = chain_terms(world(S3_ROUTE, NAT), egress=Egress.NAT, require_private=True)
    check = proven(PULL, layers_from("198.51.100.7"), terms)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.ECR_LAYER_PATH)


def test_layers_from_s3_beside_the_gateway_are_told() -> None:
    """S3's own address, by way of NAT: the bytes arrived, and not on the private path."""
    check = proven(PULL, None, chain_terms(world(NAT), egress=Egress.NAT))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.ECR_LAYER_PATH)
    assert "at 52.216.0.1: S3, but not by way of the gateway endpoint" in check.observed


def test_layers_by_an_interface_endpoint_of_s3_pass() -> None:
    """An S3 interface endpoint whose names answer is a private path of its own."""
    endpoint = Endpoint(
        id="vpce-s3i",
        service_name="com.amazonaws.us-east-1.s3",
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
        groups=("sg-endpoints",),
        interfaces=("eni-s3",),
    )
    eni = Interface(id="eni-s3", subnet="subnet-a", type="vpc_endpoint", addresses=("20.10.1.90",))
    read = world()
    both = replace(
        read, endpoints=(*read.endpoints, endpoint), interfaces=(*(read.interfaces or ()), eni)
    )
    vantage = layers_from("20.10.1.90")
    assert proven(PULL, vantage, chain_terms(both)).verdict is Verdict.PASSED


def test_layers_that_the_registry_sends_itself_pass() -> None:
    """Nothing came from S3: the registry's own path is what counts."""
    own = Hop(link=Link.LAYER, host=REGISTRY, address=ADDRESSES["ecr.dkr"], status=200)
    answer = replace(PULLED, hops=(own,))
    assert proven(PULL, Scripted(call=lambda _: answer)).verdict is Verdict.PASSED


def test_a_way_that_cannot_be_told_is_no_verdict() -> None:
    """Where route tables could not be read, bytes prove nothing of the way that they took."""
    unread = (Unreadable(part="route_tables", permission="ec2:DescribeRouteTables", error="no"),)
    check = proven(PULL, None, chain_terms(world(route_tables=None, unreadable=unread)))
    assert (check.verdict, check.code) == (Verdict.ERROR, None)
    assert check.reason is not None
    assert check.reason.startswith(
        f"{IMAGE}: 5 layers, 1000 bytes arrived from {LAYERS} at 52.216.0.1: where that leads is "
        "unknown: the route tables could not be read (missing permission "
        "ec2:DescribeRouteTables)"
    )


def test_a_pull_through_cache_that_has_no_copy_yet_is_a_warning() -> None:
    """Its first pull goes out to the internet, which is not what tasks do later on."""
    image = f"{REGISTRY}/docker-hub/library/nginx:1"
    vantage = ended(PULL, CallStatus.MISSING, Link.MANIFEST)
    answer = vantage.call(PullQuestion(image=image, api=None, region=REGION))
    assert answer is not None
    cached = replace(PULLED, image=image, outcome=answer.outcome, hops=())
    errands = replace(ERRANDS, pulls=(Pull(image=image),))
    check = proven(PULL, Scripted(call=lambda _: cached), chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.ECR_MANIFEST)
    assert check.observed == (
        f"{image}: manifest: it is not there; it looks like a pull-through cache's, whose first "
        "pull may need a way to the internet"
    )
