"""Reach a host over TLS: its own resolution, its addresses in turn, one deadline for each step."""

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence

from pytest_ecs_privatelink.probes import tls
from pytest_ecs_privatelink.probes.breaks import Break, read_error
from pytest_ecs_privatelink.probes.call_records import CallStatus
from pytest_ecs_privatelink.probes.host_resolution import resolve_in_order
from pytest_ecs_privatelink.probes.records import DnsStatus
from pytest_ecs_privatelink.probes.sockets import bind

_UNRESOLVED = {
    DnsStatus.TIMEOUT: CallStatus.TIMEOUT,
    DnsStatus.FAILED: CallStatus.FAILED,
}


def resolve(host: str, timeout: float) -> tuple[str, ...] | Break:
    """Resolve as the host does, in the order to dial; a name without address is a `Break`."""
    status, addresses, detail = resolve_in_order(host, timeout)
    if status is DnsStatus.ANSWERED:
        return addresses
    words = detail if status in _UNRESOLVED else f"{status}: {detail}"
    return Break(_UNRESOLVED.get(status, CallStatus.UNRESOLVED), "resolve", words)


def dial(
    addresses: Sequence[str], port: int, *, timeout: float, source: str | None
) -> tuple[socket.socket, str] | Break:
    """Connect to the first of ``addresses`` that answers; return the socket and that address.

    What is left of ``timeout`` (seconds, for all) is split evenly over the addresses left, so that
    a silent one leaves time for the next. Where none answers, the first one's trouble counts and
    ``detail`` tells each one's. With a ``source``, only addresses of its family are dialled.
    """
    dialled = [each for each in addresses if source is None or (":" in each) == (":" in source)]
    if not dialled:
        return Break(
            CallStatus.UNREACHABLE,
            "connect",
            f"no address of the family of {source} among {', '.join(addresses)}",
        )
    deadline = time.monotonic() + timeout
    breaks: list[Break] = []
    for i, address in enumerate(dialled):
        share = max(deadline - time.monotonic(), 0.001) / (len(dialled) - i)
        found = _connect(address, port, share, source)
        if not isinstance(found, Break):
            return found, address
        breaks.append(Break(found.status, "connect", f"{address}: {found.detail}"))
    return Break(breaks[0].status, "connect", "; ".join(each.detail for each in breaks))


def _connect(address: str, port: int, timeout: float, source: str | None) -> socket.socket | Break:
    try:
        sock = socket.socket(
            socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
        )
    except OSError as error:
        return Break(CallStatus.FAILED, "connect", f"no socket on this machine: {error.strerror}")
    with contextlib.ExitStack() as undo:
        undo.callback(sock.close)
        try:
            bind(sock, None if source is None else (source, 0))
        except OSError as error:
            reason = f"cannot dial from {source}: {error.strerror}"
            return Break(CallStatus.FAILED, "connect", reason)
        sock.settimeout(timeout)
        found = _try(sock, address, port, timeout)
        if found is None:
            undo.pop_all()
            return sock
    return found


def _try(sock: socket.socket, address: str, port: int, timeout: float) -> Break | None:
    try:
        sock.connect((address, port))
        # Small requests follow each other on one connection.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError:  # also the kernel's own, where it gave up earlier
        return Break(CallStatus.TIMEOUT, "connect", f"no answer within {timeout:.2g} s")
    except OverflowError:
        return Break(CallStatus.FAILED, "connect", f"{port} is no port")
    except OSError as error:
        return read_error(error, "connect")
    return None


def secure(
    sock: socket.socket, host: str, *, ca_file: str | None, timeout: float
) -> ssl.SSLSocket | Break:
    """Shake hands for ``host``, verified in full, within ``timeout``; a `Break` closes ``sock``."""
    with contextlib.ExitStack() as undo:
        undo.callback(sock.close)
        try:
            context = tls.trust(ca_file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            return _tls(CallStatus.FAILED, f"the CA bundle {ca_file} cannot be used: {reason}")
        try:
            secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        except ValueError:
            return _tls(CallStatus.FAILED, f"{host!r} is no host name")
        except OSError as error:
            return read_error(error, "tls")
        undo.callback(secured.close)
        secured.settimeout(timeout)
        found = _shake_hands(secured, timeout)
        if found is None:
            undo.pop_all()
            return secured
    return found


def _shake_hands(secured: ssl.SSLSocket, timeout: float) -> Break | None:
    try:
        secured.do_handshake()
    except TimeoutError:
        return _tls(CallStatus.TIMEOUT, f"no answer in phase tls within {timeout:g} s")
    except ssl.SSLCertVerificationError as error:
        return _tls(CallStatus.TLS, tls.explain_refusal(error, tls.presented(secured)))
    except ssl.SSLError as error:
        return _tls(CallStatus.TLS, tls.explain_handshake(error))
    except OSError as error:
        return read_error(error, "tls")
    return None


def _tls(status: CallStatus, detail: str) -> Break:
    return Break(status, "tls", detail)
