"""Container instances as a vantage: what travels together, what is kept, who stands in for whom."""

import asyncio
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instance_hosts import (
    DIAL,
    DNS,
    NAME,
    Told,
    an_answer,
    asked,
    host,
    run,
    told,
    trouble,
    vantage,
)

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, AgentQuestion
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Credentials,
    Link,
    Outcome,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError

VPC_RESOLVER = replace(DNS, resolver="10.0.0.2")
DIALLED = replace(DIAL, address="10.0.0.7")
FIRST, SECOND = "ssh://i-0000000000000001", "ssh://i-0000000000000002"
KEYS = Credentials(access_key="AKIA", secret_key="hush")
SECRET = SecretQuestion(
    host="localhost", region="us-east-1", service="secretsmanager", reference="a", timeout=1.0
)


def agent(instance: str) -> AgentQuestion:
    """Return a question about the agent of ``instance``."""
    return AgentQuestion(
        instance=instance, container_instance="arn", cluster="live", ecs=NAME, region="us-east-1"
    )


def test_questions_of_a_few_turns_travel_in_one_batch_with_what_will_be_dialled() -> None:
    """What is asked at once, and what is dialled after it, take one trip; nothing is twice."""
    channel = Told()
    place = vantage(told(channel))

    async def work() -> tuple[list[Answer], Answer]:
        answers = await asyncio.gather(
            place.ask(DNS), place.ask(VPC_RESOLVER), place.ask(DNS), later()
        )
        return list(answers), await place.ask(DIALLED)

    async def later() -> Answer:
        for _ in range(5):
            await asyncio.sleep(0)
        return await place.ask(replace(DNS, name="other"))

    answers, dialled = run(work())

    assert len(channel.batches) == 1
    assert channel.batches[0].questions == (DNS, VPC_RESOLVER, replace(DNS, name="other"))
    assert channel.batches[0].then_dial == {NAME: DIAL}
    assert answers[0] == answers[2] == an_answer(DNS)
    assert isinstance(dialled, ConnectAnswer)
    assert dialled.status is ConnectStatus.OPEN


def test_what_was_not_foreseen_is_a_further_round_trip() -> None:
    """A connection to another address is asked for, not made up; so is what was taken already."""
    channel = Told()
    place = vantage(told(channel))

    async def work() -> None:
        await place.ask(DNS)
        await place.ask(replace(DIAL, address="10.0.0.8"))
        await place.ask(DIALLED)
        await place.ask(DIALLED)

    run(work())

    assert [len(batch.questions) for batch in channel.batches] == [1, 1, 1]
    assert channel.batches[2].questions == (DIALLED,)


def test_each_file_of_certificates_is_a_batch_of_its_own() -> None:
    """A batch has one bundle: questions that name another file go with another one."""
    channel = Told()
    texts = {"a.pem": "A", "b.pem": "B"}
    place = vantage(told(channel), bundle=texts.get)

    run(asked(place, *(replace(DIALLED, ca_file=each) for each in texts)))

    assert sorted(str(batch.trust) for batch in channel.batches) == ["A", "B"]


def test_a_file_that_cannot_be_read_costs_its_own_questions() -> None:
    """What was answered before stays answered."""

    def bundle(path: str) -> str:
        if path == "b.pem":
            raise VantageError("the CA bundle b.pem cannot be read: No such file or directory")
        return "A"

    place = vantage(told(Told()), bundle=bundle)
    questions = [replace(DIALLED, ca_file=each) for each in ("a.pem", "b.pem")]

    found = run(asked(place, *questions))

    assert found[0] == an_answer(questions[0])
    assert trouble(found[1]) == (
        f"{FIRST}: the CA bundle b.pem cannot be read: No such file or directory"
    )


def test_agents_are_asked_on_their_own_machines() -> None:
    """Paths are put to the first machine alone, each agent's question to the machine it names."""
    first, second = Told(agent_answer), Told(agent_answer)
    place = vantage(told(first), told(second, number=2))
    questions = [agent(each) for each in place.instances]

    found = run(asked(place, *questions, agent("i-0000000000000009")))

    assert [set(batch.questions) for batch in first.batches] == [{questions[0]}]
    assert [set(batch.questions) for batch in second.batches] == [{questions[1]}]
    assert trouble(found[2]) == f"vantage {FIRST}: i-0000000000000009 is not reached here"


def agent_answer(question: Question) -> Answer:
    """Answer as an agent's machine would."""
    assert isinstance(question, AgentQuestion)
    outcome = Outcome(status=CallStatus.OK, link=Link.AUTH)
    return AgentAnswer(instance=question.instance, agent=None, silence="none", outcome=outcome)


def test_the_next_machine_of_the_same_groups_stands_in_once() -> None:
    """Where the first was surely not asked, the second is, and the label says so ever after."""
    first, second = Told(NotAskedError("connection refused")), Told()
    place = vantage(told(first), told(second, number=2), told(Told(), number=3))

    found = run(asked(place, DNS))

    assert found == [an_answer(DNS)]
    assert place.label == f"{SECOND} ({FIRST} could not be asked)"


def test_a_round_that_was_under_way_is_stood_in_for_as_well() -> None:
    """Who asked the first machine before it was known to be dead gets the second one's answer."""
    both = threading.Barrier(2, timeout=10)

    def refuse(_: Question) -> Answer:
        both.wait()
        raise NotAskedError("connection refused")

    first, other = Told(refuse), replace(DNS, name="other")
    place = vantage(told(first), told(Told(), number=2))

    async def work() -> list[Answer]:
        begun = asyncio.create_task(place.ask(DNS))
        while not first.batches:
            await asyncio.sleep(0.005)
        return [await place.ask(other), await begun]

    assert run(work()) == [an_answer(other), an_answer(DNS)]
    assert place.label == f"{SECOND} ({FIRST} could not be asked)"


def test_when_neither_can_be_asked_both_reasons_are_told() -> None:
    """A third one is not tried: two that cannot be reached are no accident."""
    third = Told()
    place = vantage(
        told(Told(NotAskedError("connection refused"))),
        told(Told(NotAskedError("no route to it")), number=2),
        told(third, number=3),
    )

    found = run(asked(place, DNS))

    assert trouble(found[0]) == (
        f"{SECOND}: no route to it; and before it, {FIRST}: connection refused"
    )
    assert third.batches == []


@pytest.mark.parametrize(
    ("error", "groups"),
    [
        (VantageError("the connection broke half-way"), ("sg-instances",)),
        (NotAskedError("connection refused"), ("sg-others",)),
    ],
    ids=["may have been asked", "other groups"],
)
def test_nobody_stands_in_where_that_would_say_something_else(
    error: VantageError, groups: tuple[str, ...]
) -> None:
    """A question that may have been asked is not asked twice, nor of a machine in other groups."""
    second = Told()
    place = vantage(told(Told(error)), told(second, number=2, groups=groups))

    found = run(asked(place, DNS))

    assert trouble(found[0]) == f"{FIRST}: {error}"
    assert second.batches == []


def another_name(question: Question) -> Answer:
    """Answer about something that was not asked."""
    answer = an_answer(question)
    return replace(answer, name="evil.example") if isinstance(answer, DnsAnswer) else answer


def test_an_answer_about_something_else_is_no_answer() -> None:
    """A host that mixes up answers is believed nothing."""
    place = vantage(told(Told(another_name)))

    found = run(asked(place, DNS, DIALLED))

    assert {trouble(each) for each in found} == {
        f"{FIRST}: its answer to dns {NAME} is about something else"
    }


@pytest.mark.parametrize("addresses", [("nowhere",), ("10.0.0.7", "10.0.0"), ()])
def test_an_answer_without_a_real_address_is_no_answer(addresses: tuple[str, ...]) -> None:
    """No claim ever has to judge what a host made up for an address."""

    def made_up(question: Question) -> Answer:
        answer = an_answer(question)
        return replace(answer, addresses=addresses) if isinstance(answer, DnsAnswer) else answer

    found = run(asked(vantage(told(Told(made_up))), DNS))

    assert trouble(found[0]) == f"{FIRST}: its answer to dns {NAME} has addresses that are none"


def test_a_machine_s_trouble_is_its_own() -> None:
    """Beside a machine that fails, another subnet's answers."""
    bad, good = vantage(told(Told(VantageError("no")))), vantage(told(Told()))

    async def both() -> tuple[list[Answer | BaseException], list[Answer | BaseException]]:
        return await asyncio.gather(asked(bad, DNS), asked(good, DNS))

    failed, fine = run(both())

    assert trouble(failed[0]) == f"{FIRST}: no"
    assert fine == [an_answer(DNS)]


def test_lent_credentials_go_with_the_batch_and_own_ones_do_not() -> None:
    """Lending is what the vantage says of itself: else the machine signs with what it has."""
    channel = Told(lambda _: secret_answer())
    place = vantage(told(channel), lends=True)

    async def work() -> None:
        await place.ask(SECRET, KEYS)
        await place.close()

    run(work())

    assert channel.batches[0].credentials == KEYS
    assert not place.own_credentials
    assert vantage(told(Told())).own_credentials
    assert "hush" not in repr(channel.batches)


def secret_answer() -> Answer:
    """Return an answer to `SECRET`."""
    return SecretAnswer(reference="a", outcome=Outcome(status=CallStatus.OK, link=Link.SECRET))


def test_closing_ends_what_is_under_way() -> None:
    """Who waits hears that it was closed, and later questions are refused."""
    channel = Told(hangs=True)
    place = vantage(told(channel))

    async def work() -> list[Answer | BaseException]:
        waiting = asyncio.create_task(place.ask(DNS))
        while not channel.batches:
            await asyncio.sleep(0.005)
        await place.close()
        return list(await asyncio.gather(waiting, place.ask(DNS), return_exceptions=True))

    under_way, later = run(work())

    assert trouble(under_way) == f"{FIRST}: the run ended"
    assert trouble(later) == f"vantage {FIRST}: closed, cannot be asked"


def test_nothing_is_sent_once_it_is_closed() -> None:
    """Questions that were still being gathered are not put to any host any more."""
    channel = Told()
    place = vantage(told(channel))

    async def work() -> list[Answer | BaseException]:
        waiting = asyncio.create_task(place.ask(DNS))
        await asyncio.sleep(0)
        await place.close()
        return list(await asyncio.gather(waiting, return_exceptions=True))

    (found,) = run(work())

    assert trouble(found) == f"{FIRST}: the run ended before it was asked"
    assert channel.batches == []


def test_what_stays_unanswered_says_why() -> None:
    """An answer that is missing is an error of its own question, with the host's reason."""
    other = DnsQuestion(name="other")
    place = vantage(told(Told(lacks={VPC_RESOLVER: "too late", other: ""})))

    found = run(asked(place, DNS, VPC_RESOLVER, other))

    assert isinstance(found[0], DnsAnswer)
    assert found[0].status is DnsStatus.ANSWERED
    assert trouble(found[1]) == f"{FIRST}: too late"
    assert trouble(found[2]) == f"{FIRST}: it brought no answer to dns other"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["answered", "missing", "forgotten"]), min_size=1, max_size=8))
def test_every_question_ends_in_an_answer_or_a_reason(fates: list[str]) -> None:
    """Whatever part of a batch comes back, nobody waits for ever, and nothing is mixed up."""
    questions = [replace(DNS, name=f"name-{n}") for n in range(len(fates))]
    lacks: dict[Question, str] = {
        question: f"why {question.name}" if fate == "missing" else ""
        for question, fate in zip(questions, fates, strict=True)
        if fate != "answered"
    }

    found = run(asked(vantage(told(Told(lacks=lacks))), *questions))

    for question, fate, each in zip(questions, fates, found, strict=True):
        if fate == "answered":
            assert each == an_answer(question)
        elif fate == "missing":
            assert trouble(each) == f"{FIRST}: why {question.name}"
        else:
            assert trouble(each) == f"{FIRST}: it brought no answer to dns {question.name}"


def test_the_label_shows_no_password() -> None:
    """Reports name hosts by connection, user and address."""
    assert host("paramiko://root:hush@10.0.0.5:22?ssh_config=x").label == (
        "paramiko://root@10.0.0.5:22"
    )
