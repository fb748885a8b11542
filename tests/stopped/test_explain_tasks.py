"""A stopped task has many texts: which one decides, and what of the others is kept."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from stop_texts import STOP_TEXTS
from stop_told import filled

from pytest_ecs_privatelink.probes.task_records import Stopped, StoppedContainer
from pytest_ecs_privatelink.stopped.explain import explain, explain_text
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

TEXTS = {row.number: filled(row.text) for row in STOP_TEXTS}
CONTAINERS = st.lists(
    st.builds(
        StoppedContainer,
        name=st.sampled_from("abc"),
        reason=st.sampled_from(("", "who knows", *TEXTS.values())),
        exit_code=st.sampled_from((None, 0, 1, 137)),
    ),
    max_size=4,
)


def container(
    reason: str = "", exit_code: int | None = None, name: str = "app"
) -> StoppedContainer:
    """Return a container of a stopped task."""
    return StoppedContainer(name=name, reason=reason, exit_code=exit_code)


@given(CONTAINERS, st.randoms())
def test_the_order_of_containers_does_not_matter(
    containers: list[StoppedContainer], random: object
) -> None:
    """DescribeTasks lists containers in any order: the explanation is one."""
    shuffled = list(containers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # typeshed calls it object
    first, second = (
        explain(Stopped(reason="Essential container in task exited", containers=tuple(each)))
        for each in (containers, shuffled)
    )

    assert first == second


def test_the_earliest_phase_decides_and_all_texts_are_kept() -> None:
    """What failed first is the cause; ECS's other words stay to be read."""
    found = explain(
        Stopped(
            code="TaskFailedToStart",
            reason="Task failed to start",
            containers=(container(TEXTS["26"], name="a"), container(TEXTS["16"], name="b")),
        )
    )

    assert (found.phase, found.code) == (Phase.LOGS, Code.LOGS_UNREACHABLE)
    assert found.text.splitlines() == ["Task failed to start", TEXTS["26"], TEXTS["16"]]


def test_a_container_s_reason_says_more_than_that_it_exited() -> None:
    """That an essential container exited is true of everything."""
    found = explain(
        Stopped(
            code="EssentialContainerExited",
            reason="Essential container in task exited",
            containers=(container("OutOfMemoryError: Container killed due to memory usage", 137),),
        )
    )

    assert (found.phase, found.code, found.network) == (Phase.RUN, None, False)
    assert found.sentence == (
        "the container started, and used more memory than it may: it is not the network: app "
        "exited with 137 (killed: out of memory, or it did not stop when told to)"
    )


def test_an_unknown_reason_is_not_hidden_by_a_vague_one() -> None:
    """An unknown text beside a phrase that says nothing is unknown."""
    found = explain(
        Stopped(
            reason="Essential container in task exited", containers=(container("who knows", 1),)
        )
    )

    assert not found.known
    assert "who knows" in found.text


def test_exit_codes_are_told() -> None:
    """A task that ran says by its exit codes how it ended."""
    found = explain(
        Stopped(
            reason="Essential container in task exited",
            containers=(container(exit_code=0, name="proxy"), container(exit_code=127)),
        )
    )

    assert (found.known, found.phase, found.code) == (True, Phase.RUN, None)
    assert found.sentence == (
        "the task started, and its container ended by itself: app exited with 127 (there is no "
        "such command)"
    )


def test_the_stop_code_speaks_where_nothing_else_does() -> None:
    """A task that was interrupted may have no reason."""
    found = explain(Stopped(code="SpotInterruption"))

    assert (found.known, found.phase) == (True, Phase.RUN)
    assert "took the task's machine away" in found.sentence


def test_silence_is_unknown() -> None:
    """A task without any words has no cause to be told."""
    found = explain(Stopped())

    assert (found.known, found.text) == (False, "")
    assert found.sentence == "ECS says nothing of why; no cause is guessed"


def test_ranges_reach_every_text() -> None:
    """A VPC's ranges make an address of a container's reason private."""
    text = TEXTS["1"].replace("10.0.1.23", "172.40.1.94")
    stopped = Stopped(reason="Task failed to start", containers=(container(text),))

    assert explain(stopped).code is Code.DNS_PUBLIC_ANSWER
    assert explain(stopped, ranges=iter(("172.40.0.0/16",))).code is Code.TCP_TIMEOUT


def test_one_text_alone_is_explained_as_itself() -> None:
    """A task whose only words are its reason is explained as that text is."""
    for text, exit_code in itertools.product(TEXTS.values(), (None, 0)):
        stopped = Stopped(reason=text, containers=(container("", exit_code),))

        assert explain(stopped) == explain_text(text)
