"""The two readers of DNS, dnspython's and the one that hosts get, agree on whatever comes."""

import itertools
import struct
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ecs_privatelink.probes import dns_codec, dns_plain
from pytest_ecs_privatelink.probes.dns_response import MalformedError, Response

NAME = "api.ecr.example"
NAMES = (f"{NAME}.", "API.ecr.EXAMPLE.", "a.example.", "b.a.example.", "c\\.d\\032e.example.", ".")
QUERIES = (dns_codec.Query, dns_plain.Query)
Reading = Response | str | None


def read(query: dns_codec.Query | dns_plain.Query, wire: bytes, *, last: bool) -> Reading:
    """Return what ``query`` makes of ``wire``: what it says, or that it is no answer."""
    try:
        return query.read(wire, last=last)
    except MalformedError as error:
        return str(error)


def readings(
    wire: bytes, kind: str = "A", *, own_id: bool = True, last: bool = False
) -> tuple[Reading, Reading]:
    """Return what each reader makes of ``wire``, whose id is its query's (or is not)."""
    theirs, ours = dns_codec.Query(NAME, kind, 1232), dns_plain.Query(NAME, kind, 1232)
    # A pointer may lead into the id, so that both must have the same one.
    theirs._message.id = ours._id = int.from_bytes(wire[:2]) ^ (not own_id)
    return read(theirs, wire, last=last), read(ours, wire, last=last)


def rrsets(names: tuple[str, ...]) -> st.SearchStrategy[dns.rrset.RRset]:
    """Return a strategy for records of the kinds that count, and of some that do not."""
    name = st.sampled_from(names)
    values = {
        "A": st.sampled_from(["10.0.1.5", "10.0.1.9", "255.0.0.1"]),
        "AAAA": st.sampled_from(["fd00::5", "::ffff:10.0.0.1", "::10.0.0.1", "::", "::1"]),
        "CNAME": name,
        "NS": name,
        "TXT": st.just('"words"'),
    }
    pairs = st.sampled_from(sorted(values)).flatmap(
        lambda kind: st.tuples(st.just(kind), values[kind])
    )
    return st.builds(
        lambda owner, pair: dns.rrset.from_text(owner, 60, "IN", pair[0], pair[1]),
        st.sampled_from(names),
        pairs,
    )


@st.composite
def responses(draw: st.DrawFn, kind: str) -> bytes:
    """Draw the bytes of a response to a query for ``kind``, as servers may send them."""
    query = dns.message.make_query(NAME, kind, use_edns=0)
    if draw(st.booleans()):
        query.question[0].name = dns.name.from_text(draw(st.sampled_from(NAMES)))
    response = dns.message.make_response(query, recursion_available=True)
    if draw(st.booleans()):
        response.use_edns(edns=False)
        response.set_rcode(dns.rcode.Rcode(draw(st.integers(0, 15))))
    else:
        response.set_rcode(dns.rcode.Rcode(draw(st.sampled_from([0, 0, 0, 2, 3, 5, 16, 23, 99]))))
    response.flags ^= draw(st.sampled_from([0, 0, 0, dns.flags.TC, dns.flags.QR]))
    response.question *= draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
    few = NAMES[: draw(st.integers(1, len(NAMES)))]
    response.answer = draw(st.lists(rrsets(few), max_size=6))
    response.authority = draw(st.lists(rrsets(few), max_size=1))
    return response.to_wire()


def others_records(wire: bytes) -> Iterator[str]:
    """Yield the records whose inside only dnspython looks at."""
    counts = struct.unpack_from("!4xH3H", wire)
    place = 12
    for _ in range(counts[0]):
        place = after_name(wire, place) + 4
    for _ in range(sum(counts[1:])):
        place = after_name(wire, place)
        kind, of, _, length = struct.unpack_from("!HHIH", wire, place)
        place += 10 + length
        simple = kind == dns.rdatatype.CNAME or (of == 1 and kind in {1, 28})
        if not simple and (kind != dns.rdatatype.OPT or length):
            yield f"{kind} {of}"


def after_name(wire: bytes, place: int) -> int:
    """Return where the name at ``place`` ends."""
    while 0 < wire[place] < 64:
        place += 1 + wire[place]
    return place + (2 if wire[place] else 1)


def agree(found: tuple[Reading, Reading], wire: bytes) -> bool:
    """Tell whether both readers say the same, or differ where they may."""
    if found[0] == found[1]:
        return True
    if (
        len(wire) > 2 and wire[2] & 0x78
    ):  # no query's: somebody else's for one, for the other broken
        return Response not in map(type, found)
    # Of a truncated message dnspython keeps what it read before it broke.
    broke = isinstance(found[0], str) or wire[2] & 0x02
    return bool(broke) and any(others_records(wire))


@settings(max_examples=300)
@given(data=st.data(), kind=st.sampled_from(["A", "AAAA"]), own_id=st.booleans())
def test_both_read_alike_what_servers_send(data: st.DataObject, kind: str, own_id: bool) -> None:
    """Chains, loops, odd rcodes, truncation, other questions and ids: equal, to the words."""
    wire = data.draw(responses(kind))
    last = data.draw(st.booleans())

    found = readings(wire, kind, own_id=own_id or data.draw(st.booleans()), last=last)

    assert found[0] == found[1]


@settings(max_examples=500)
@given(data=st.data())
def test_both_read_alike_what_is_broken(data: st.DataObject) -> None:
    """Changed, lost and added bytes: the same reading, or malformed for both."""
    wire = bytearray(data.draw(responses("A")))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(2, len(wire) - 1))
        wire[place] = data.draw(st.integers(0, 255) | st.sampled_from([0, 12, 0xC0]))
    cut = data.draw(st.just(len(wire)) | st.integers(0, len(wire)))
    broken = bytes(wire[:cut]) + data.draw(st.sampled_from([b"", b"", b"", b"\x00"]))
    last = data.draw(st.booleans())

    assert agree(readings(broken, last=last), broken)


@given(wire=st.binary(max_size=60))
def test_both_read_alike_what_is_none(wire: bytes) -> None:
    """Bytes of any kind are nobody's answer, or malformed for both."""
    assert agree(readings(wire), wire)


@pytest.mark.parametrize("length", [0, 1, 14, 15, 16, 17])
def test_chains_end_at_the_same_length(length: int) -> None:
    """So many CNAMEs are followed, and no more: by both."""
    query = dns.message.make_query(NAME, "A")
    response = dns.message.make_response(query)
    names = [NAME, *(f"n{i}.example" for i in range(length))]
    for owner, target in itertools.pairwise(names):
        response.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", "CNAME", f"{target}."))
    response.answer.append(dns.rrset.from_text(f"{names[-1]}.", 60, "IN", "A", "10.0.1.5"))

    dnspythons, ours = readings(response.to_wire())

    assert dnspythons == ours
    assert isinstance(ours, Response) is (length < 16)


hosts = st.from_regex(r"\A[a-zA-Z0-9_*-]{1,63}(\.[a-zA-Z0-9_-]{1,63}){0,4}\.?\Z")


@given(name=hosts | st.text(st.sampled_from("ab.-_"), max_size=70))
def test_both_ask_the_same(name: str) -> None:
    """Any name makes the same query, but for its id, or is refused by both."""
    asked = []
    for make in QUERIES:
        try:
            asked.append(make(name, "AAAA", 1232).wire[2:])
        except ValueError:
            asked.append(b"")

    assert asked[0] == asked[1]


@pytest.mark.parametrize("name", ["a..example", f"{'x' * 64}.example", ".".join(["x" * 50] * 6)])
def test_both_refuse_a_name_in_the_same_words(name: str) -> None:
    """What is no name has one reason, wherever it is to be asked."""
    words = []
    for make in QUERIES:
        with pytest.raises(ValueError, match="DNS") as refused:
            make(name, "A", 1232)
        words.append(str(refused.value))

    assert words[0] == words[1]


def test_names_of_other_alphabets_are_not_asked_from_hosts() -> None:
    """How these are written in DNS is not the standard library's to say."""
    with pytest.raises(ValueError, match="is not ASCII, and cannot be asked"):
        dns_plain.Query("\xe9.example", "A", 1232)


def test_each_query_has_an_id_of_its_own() -> None:
    """Ids are not to be guessed: of sixty-four hardly any two are alike."""
    assert len({dns_plain.Query(NAME, "A", 1232).wire[:2] for _ in range(64)}) > 60
