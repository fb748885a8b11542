"""What the ECS API says of an agent: whether it is connected, and the rest where nobody asked it.

One look proves little: agents disconnect and come back several times an hour.
"""

from pytest_ecs_privatelink.claims.agent_readings import Subject, good, reading_of
from pytest_ecs_privatelink.claims.agent_state import judge_version, missed_by_registration
from pytest_ecs_privatelink.claims.terms import Reading
from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer
from pytest_ecs_privatelink.verdict import Code, Verdict


def judge_connection(
    subject: Subject, answer: ConnectionAnswer, *, broken: bool
) -> tuple[Reading, ...]:
    """Return what polling the API says; where the agent is ``broken`` already, one look is no word.

    Where the API could not be asked the snapshot's value stands, and says so.
    """
    if answer.connected is None:
        return (_by_snapshot(subject, answer.unknown),)
    if answer.connected:
        if answer.looks > 1:
            again = f"connected again after {answer.waited:.0f} s (agents flap)"
            return (good(subject, "connection", again),)
        return (good(subject, "connection", "connected"),)
    if broken:
        return ()
    looks = f"{answer.looks} looks" if answer.looks != 1 else "1 look"
    lost = f"agentConnected stayed false for {answer.waited:.0f} s ({looks})"
    return (reading_of(subject, Verdict.FAILED, Code.AGENT_DISCONNECTED, "connection", lost),)


def judge_unasked(subject: Subject) -> tuple[Reading, ...]:
    """Return what the API alone says against an instance that could not be asked itself."""
    version = judge_version(subject, None)
    said = [version] if version.verdict is Verdict.FAILED else []
    said += [
        reading_of(
            subject, Verdict.WARNED, code, "start", f"{observed}; it could not be asked itself"
        )
        for code, observed in missed_by_registration(subject)
    ]
    return tuple(said)


def _by_snapshot(subject: Subject, why: str) -> Reading:
    taken = subject.terms.snapshot.taken
    if subject.instance.agent_connected:
        return good(subject, "connection", f"connected when read at {taken} (not polled: {why})")
    lost = f"not connected when read at {taken} (not polled: {why})"
    return reading_of(subject, Verdict.WARNED, Code.AGENT_DISCONNECTED, "connection", lost)
