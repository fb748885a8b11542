"""Whatever stands in a text: it means the same, or nobody knows what it means."""

import string

from hypothesis import example, given
from hypothesis import strategies as st
from stop_texts import STOP_TEXTS
from stop_told import StopText, filled, told_of

from pytest_ecs_privatelink.catalogue.partitions import PARTITIONS
from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

REGIONS = {
    "us-east-1": "amazonaws.com",
    "ap-southeast-7": "amazonaws.com",
    "us-gov-west-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
    "us-isob-east-1": "sc2s.sgov.gov",
    "eusc-de-east-1": "amazonaws.eu",
}
POISON = (
    "no-such-host",
    "toomanyrequests",
    "prod-x-starport-layer-bucket",
    "httpReadSeeker",
    "logger-args",
    "context-deadline",
    "AccessDenied",
    "403",
    "vpc-endpoint-policy",
    "kms/secretsmanager",
    "AGENT",
)
NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
PRIVATE = st.one_of(
    st.ip_addresses(network="10.0.0.0/8"),
    st.ip_addresses(network="172.16.0.0/12"),
    st.ip_addresses(network="100.64.0.0/10"),
    st.ip_addresses(network="fd00::/8"),
)


def spelt(address: object) -> str:
    """Return an address as it stands before a port."""
    return f"[{address}]" if ":" in str(address) else str(address)


@given(
    row=st.sampled_from(STOP_TEXTS),
    account=st.text(string.digits, min_size=12, max_size=12),
    region=st.sampled_from(sorted(REGIONS)),
    address=PRIVATE.map(spelt),
    image=st.one_of(NAMES, st.sampled_from(POISON)),
    secret=st.one_of(NAMES, st.sampled_from(POISON)),
    partition=st.sampled_from(PARTITIONS),
)
def test_whoever_s_text_it_is_it_means_the_same(
    row: StopText,
    account: str,
    region: str,
    address: str,
    image: str,
    secret: str,
    partition: object,
) -> None:
    """Accounts, ARNs, Regions, private addresses, images and secrets change nothing.

    Neither do names that sound like another reason.
    """
    name = getattr(partition, "name", "aws")
    arn = f"arn:{name}:secretsmanager:{region}:{account}:secret:{secret}"
    text = filled(
        row.text, account=account, region=region, address=address, image=image, secret=arn
    ).replace(".amazonaws.com", f".{REGIONS[region]}")

    assert told_of(explain_text(text)) == row.told


@given(row=st.sampled_from(STOP_TEXTS), kept=st.integers(120, 400))
def test_a_cut_text_blames_nobody_else(row: StopText, kept: int) -> None:
    """Platform 1.4 cuts long reasons: what is left blames the same service, or none."""
    found = explain_text(filled(row.text)[:kept])

    assert found.service in (row.told.service, None)
    assert found.code is not Code.IMAGE_REGISTRY_PUBLIC


# Hypothesis tries the literals of the code under test, too, and these letters are in each of them.
@given(st.text(st.characters(exclude_characters="eEoO"), max_size=300))
@example("Error: something went wrong, and nobody has seen it before")
@example("Task failed to start")
@example("TaskFailedToStart")
@example("ResourceInitializationError: the moon is in the wrong house")
def test_random_text_is_unknown_and_shown_whole(text: str) -> None:
    """Nothing is guessed of what nobody has seen, and nothing raises."""
    found = explain_text(text)

    assert (found.known, found.service, found.code, found.network) == (False, None, None, False)
    assert found.text == text
    assert "no cause is guessed" in found.sentence


@given(
    st.lists(
        st.sampled_from(
            (
                *("dial tcp", "lookup x on 1.1.1.1:53", "[::", "999.9.9.9:443", "https://", "'"),
                *("signal: killed", "not authorized to perform", "logger args", "ref", "arn:aws:"),
            )
        ),
        max_size=8,
    )
)
def test_heaps_of_words_never_raise(words: list[str]) -> None:
    """Any heap of the words that are looked for is explained, or unknown."""
    assert explain_text(" ".join(words)).text == " ".join(words)


def test_unknown_words_of_a_known_step_have_its_phase() -> None:
    """What ECS says of the step is believed; why is unknown."""
    found = explain_text("CannotPullContainerError: the moon is in the wrong house")

    assert (found.known, found.phase, found.code) == (False, Phase.PULL, None)
    assert found.sentence == (
        "ECS's words for this stop are unknown (it stopped at: image pull); no cause is guessed"
    )
