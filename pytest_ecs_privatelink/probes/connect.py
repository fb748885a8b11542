"""Dial one address once: TCP, then TLS for a name, verified in full."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_ecs_privatelink.probes import tls
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    Phase,
)
from pytest_ecs_privatelink.probes.sockets import Source, bind, explain, name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    status: ConnectStatus
    detail: str = ""
    tls_version: str | None = None
    certificate: tls.Certificate = field(default_factory=tls.Certificate)


async def connect(question: ConnectQuestion, source: Source | None = None) -> ConnectAnswer:
    """Dial ``question.address``, never another one, within one deadline.

    ``source`` is where to dial from, for places that have several addresses (Linux alone).

    The phases are ``connect`` and, with a ``server_name``, ``tls``; the last one timed is where it
    ended. `ConnectStatus` tells how: ``HANDSHAKE`` is a peer that speaks no TLS or none in common,
    ``CERTIFICATE`` one whose certificate does not hold (expired, of another name, of an unknown
    issuer), described even so from Python 3.10 and OpenSSL 3 on. ``FAILED`` means that nothing was
    proven about the path: a bad question, an unusable ``ca_file``, no file descriptor left, a
    ``source`` that is in use or not of this machine. Never raises.
    """
    began = time.perf_counter()
    phases: list[Phase] = []
    outcome = await _prepare_and_dial(question, source, phases)
    return ConnectAnswer(
        address=question.address,
        port=question.port,
        server_name=question.server_name,
        status=outcome.status,
        phase=phases[-1].name if phases else "connect",
        phases=tuple(phases),
        tls_version=outcome.tls_version,
        issuer=outcome.certificate.issuer,
        names=outcome.certificate.names,
        expires=outcome.certificate.expires,
        detail=outcome.detail,
        duration_ms=(time.perf_counter() - began) * 1000,
    )


async def _prepare_and_dial(
    question: ConnectQuestion, source: Source | None, phases: list[Phase]
) -> _Outcome:
    try:
        address = ipaddress.ip_address(question.address)
    except ValueError:
        return _failed(f"{question.address!r} is no address")
    if not 0 < question.port < 65536:
        return _failed(f"{question.port} is no port")
    try:
        channel = _channel(question)
    except (OSError, ValueError) as error:
        return _failed(str(error))
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return _failed(f"no socket on this machine: {error.strerror}")
    with sock:
        sock.setblocking(False)
        try:
            bind(sock, source)
        except OSError as error:
            return _failed(f"cannot dial from {name_of(source)}: {error.strerror}")
        return await _dial(question, sock, channel, phases)


def _channel(question: ConnectQuestion) -> tls.Channel | None:
    if question.server_name is None:
        return None
    try:
        context = tls.trust(question.ca_file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"the CA bundle {question.ca_file} cannot be used: {reason}") from None
    try:
        return tls.open_channel(context, question.server_name)
    except ValueError:
        raise ValueError(f"{question.server_name!r} is no host name") from None


def _failed(detail: str) -> _Outcome:
    return _Outcome(status=ConnectStatus.FAILED, detail=detail)


async def _dial(
    question: ConnectQuestion,
    sock: socket.socket,
    channel: tls.Channel | None,
    phases: list[Phase],
) -> _Outcome:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(question.timeout):
            with _timed("connect", phases):
                await loop.sock_connect(sock, (question.address, question.port))
            if channel is None:
                return _Outcome(status=ConnectStatus.OPEN)
            with _timed("tls", phases):
                return await _secure(channel, sock)
    except TimeoutError:
        return _Outcome(
            status=ConnectStatus.TIMEOUT,
            detail=f"no answer in phase {phases[-1].name} within {question.timeout:g} s",
        )
    except OSError as error:
        status, detail = explain(error)
        return _Outcome(status=status, detail=detail)


async def _secure(channel: tls.Channel, sock: socket.socket) -> _Outcome:
    try:
        await tls.shake_hands(channel, sock)
    except ssl.SSLCertVerificationError as error:
        certificate = tls.presented(channel.session)
        return _Outcome(
            status=ConnectStatus.CERTIFICATE,
            detail=tls.explain_refusal(error, certificate),
            tls_version=channel.session.version(),
            certificate=certificate,
        )
    except ssl.SSLError as error:
        return _Outcome(status=ConnectStatus.HANDSHAKE, detail=tls.explain_handshake(error))
    tls.say_goodbye(channel, sock)
    return _Outcome(
        status=ConnectStatus.OPEN,
        tls_version=channel.session.version(),
        certificate=tls.presented(channel.session),
    )


@contextlib.contextmanager
def _timed(name: str, phases: list[Phase]) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        phases.append(Phase(name, (time.perf_counter() - began) * 1000))
