"""Packet filters as nf_tables messages: the plan's chains, translated one by one.

Layouts: linux/netfilter/nf_tables.h. A whole rule set is one table that appears at once: chains
that hook into the forward path are sent last, together with the removal of the table before.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping

from pytest_ecs_privatelink.lab.inside.netlink import (
    APPEND,
    CREATE,
    EXCL,
    Message,
    NetlinkSocket,
    attribute,
    nested,
    text,
)
from pytest_ecs_privatelink.lab.twin_plan import Action, FilterChain, FilterRule, Way

NETFILTER_FAMILY = 12

_SUBSYSTEM = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _DEL_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
# The kernel takes one batch as one datagram of at most the send buffer's size, which an
# unprivileged process can raise to twice net.core.wmem_max (212,992 by default) only.
_BYTES_PER_BATCH = 160_000
_BYTES_TO_SEND = 212_992

_TABLE, _NAME = 1, 1
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY, _CHAIN_TYPE = 1, 3, 4, 5, 7
_HOOK_NUMBER, _HOOK_PRIORITY = 1, 2
_FORWARD, _ACCEPT = 2, 1
_RULE_TABLE, _RULE_CHAIN, _RULE_EXPRESSIONS, _RULE_USERDATA = 1, 2, 4, 7
_LIST_ELEMENT, _EXPRESSION_NAME, _EXPRESSION_DATA = 1, 1, 2
_COMMENT, _COMMENT_BYTES = 0, 250
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_SOURCE_AT, _DESTINATION_AT, _PORT_AT = 12, 16, 2
_META_OIF, _META_L4PROTO, _CT_STATE = 5, 16, 0
_ESTABLISHED_OR_RELATED = 0x2 | 0x4
_EQUAL, _NOT_EQUAL, _AT_MOST, _AT_LEAST = 0, 1, 3, 5
_VERDICTS = {Action.DROP: 0, Action.ACCEPT: 1, Action.JUMP: -3, Action.GOTO: -4}
_HOST_UNREACHABLE = 1


def load(
    netlink: NetlinkSocket,
    chains: tuple[FilterChain, ...],
    links: Mapping[Way, int],
    generation: int,
) -> None:
    """Put ``chains`` in force instead of the generation before; raise `NetlinkError` otherwise.

    ``links`` are the router's interface indexes. Packets see the old rules or the new ones whole.
    """
    table = f"ecs-{generation}"
    netlink.grow(_BYTES_TO_SEND)
    inner = [chain for chain in chains if chain.stage is None]
    hooked = [chain for chain in chains if chain.stage is not None]
    names = [
        _message(_NEW_CHAIN, _chain(table, chain), f"add chain {chain.name}") for chain in inner
    ]
    rules = [_rule(table, chain, rule, links) for chain in inner for rule in chain.rules]
    _commit(netlink, [_table(_NEW_TABLE, table), *names, *rules], may_split=True)
    final = [
        _message(_NEW_CHAIN, _chain(table, chain), f"add chain {chain.name}") for chain in hooked
    ]
    final += [_rule(table, chain, rule, links) for chain in hooked for rule in chain.rules]
    if generation:
        final.append(_table(_DEL_TABLE, f"ecs-{generation - 1}"))
    _commit(netlink, final, may_split=False)


def _commit(netlink: NetlinkSocket, messages: list[Message], *, may_split: bool) -> None:
    batches = _split(messages) if may_split else [messages]
    for batch in batches:
        if batch:
            # Older kernels do not acknowledge the end of a batch, all do what comes before it.
            netlink.carry_out_as_one([_edge(_BATCH_BEGIN), *batch, _edge(_BATCH_END)], answering=-2)


def _split(messages: Iterable[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        if size + len(message.body) > _BYTES_PER_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += 16 + len(message.body)
    yield batch


def _edge(kind: int) -> Message:
    body = struct.pack(">BBH", socket.AF_UNSPEC, 0, _SUBSYSTEM)
    return Message(kind, 0, body, "open a packet filter transaction")


def _message(kind: int, body: bytes, purpose: str) -> Message:
    flags = {_NEW_RULE: CREATE | APPEND, _DEL_TABLE: 0}.get(kind, CREATE | EXCL)
    family = struct.pack(">BBH", socket.AF_INET, 0, 0)
    return Message(_SUBSYSTEM << 8 | kind, flags, family + body, purpose)


def _table(kind: int, name: str) -> Message:
    return _message(kind, text(_TABLE, name), f"change packet filter table {name}")


def _chain(table: str, chain: FilterChain) -> bytes:
    body = text(_CHAIN_TABLE, table) + text(_CHAIN_NAME, chain.name)
    if chain.stage is None:
        return body
    hook = nested(
        _CHAIN_HOOK, _number(_HOOK_NUMBER, _FORWARD), _number(_HOOK_PRIORITY, chain.stage)
    )
    return body + hook + _number(_CHAIN_POLICY, _ACCEPT) + text(_CHAIN_TYPE, "filter")


def _rule(table: str, chain: FilterChain, rule: FilterRule, links: Mapping[Way, int]) -> Message:
    comment = rule.comment.encode()[:_COMMENT_BYTES] + b"\0"
    body = (
        text(_RULE_TABLE, table)
        + text(_RULE_CHAIN, chain.name)
        + nested(_RULE_EXPRESSIONS, *_expressions(rule, links))
        + attribute(_RULE_USERDATA, struct.pack("BB", _COMMENT, len(comment)) + comment)
    )
    return _message(_NEW_RULE, body, f"add the filter rule for {rule.comment}")


def _expressions(rule: FilterRule, links: Mapping[Way, int]) -> Iterator[bytes]:
    if rule.established:
        yield _load("ct", _CT_STATE)
        yield _masked(struct.pack("=I", _ESTABLISHED_OR_RELATED))
        yield _compare(_NOT_EQUAL, bytes(4))
    if rule.way is not None:
        yield _load("meta", _META_OIF)
        yield _compare(_EQUAL, struct.pack("=I", links[rule.way]))
    if rule.source is not None:
        yield from _in_network(_SOURCE_AT, rule.source)
    if rule.destination is not None:
        yield from _in_network(_DESTINATION_AT, rule.destination)
    if rule.protocol is not None:
        yield _load("meta", _META_L4PROTO)
        yield _compare(_EQUAL, bytes([rule.protocol]))
    if rule.ports is not None:
        yield _payload(_TRANSPORT_HEADER, _PORT_AT, 2)
        yield _compare(_AT_LEAST, struct.pack(">H", rule.ports[0]))
        yield _compare(_AT_MOST, struct.pack(">H", rule.ports[1]))
    for at, value in enumerate(rule.icmp or ()):
        if value is not None:
            yield _payload(_TRANSPORT_HEADER, at, 1)
            yield _compare(_EQUAL, bytes([value]))
    yield _act(rule)


def _in_network(at: int, cidr: str) -> Iterator[bytes]:
    network = ipaddress.IPv4Network(cidr, strict=False)
    if network.prefixlen == 0:
        return
    yield _payload(_NETWORK_HEADER, at, 4)
    if network.prefixlen < 32:
        yield _masked(network.netmask.packed)
    yield _compare(_EQUAL, network.network_address.packed)


def _act(rule: FilterRule) -> bytes:
    if rule.action is Action.REJECT:
        code = attribute(2, bytes([_HOST_UNREACHABLE]))
        return _expression("reject", _number(1, 0), code)
    verdict = attribute(1, struct.pack(">i", _VERDICTS[rule.action]))
    if rule.target is not None:
        verdict += text(2, rule.target)
    return _expression("immediate", _number(1, 0), nested(2, nested(2, verdict)))


def _load(kind: str, key: int) -> bytes:
    return _expression(kind, _number(1, 1), _number(2, key))


def _payload(base: int, at: int, length: int) -> bytes:
    return _expression(
        "payload", _number(1, 1), _number(2, base), _number(3, at), _number(4, length)
    )


def _masked(mask: bytes) -> bytes:
    return _expression(
        "bitwise",
        _number(1, 1),
        _number(2, 1),
        _number(3, len(mask)),
        nested(4, attribute(1, mask)),
        nested(5, attribute(1, bytes(len(mask)))),
    )


def _compare(operation: int, value: bytes) -> bytes:
    return _expression("cmp", _number(1, 1), _number(2, operation), nested(3, attribute(1, value)))


def _expression(name: str, *attributes: bytes) -> bytes:
    data = nested(_EXPRESSION_DATA, *attributes)
    return nested(_LIST_ELEMENT, text(_EXPRESSION_NAME, name), data)


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value))
