"""A TLS handshake over a socket that is already connected, and what it showed."""

import asyncio
import contextlib
import datetime
import functools
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any

_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})  # X509_V_ERR_*, <openssl/x509_vfy.h>
_EXPIRED, _NOT_YET_VALID, _WRONG_NAME = 10, 9, frozenset({62, 64})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The leaf that the peer presented: issuer (RFC 4514), names, end of validity (RFC 3339)."""

    issuer: str | None = None
    names: tuple[str, ...] = ()
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """The client's end of a TLS session whose records cross by hand.

    `ssl.SSLSocket` and asyncio's transports forget the session when verification fails; this one
    still knows the certificate that it refused.
    """

    session: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that verifies chain and name against ``ca_file``, or the default trust.

    Raises OSError (`ssl.SSLError` included) or ValueError where the bundle cannot be used.
    """
    if ca_file is None:
        return _context(None, ssl.get_default_verify_paths())
    found = os.stat(ca_file)
    return _context(ca_file, (found.st_ino, found.st_mtime_ns, found.st_size))


# Reading a usual bundle takes 20 ms of CPU, and a sweep of hundreds of probes uses one or two.
@functools.lru_cache(maxsize=8)
def _context(ca_file: str | None, version: object) -> ssl.SSLContext:  # noqa: ARG001 - the key
    context = ssl.create_default_context(cafile=ca_file)
    # As Python 3.10 began to want it, for hosts with an older one.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 began to refuse what ECS's own clients accept: a verdict must not depend on it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def open_channel(context: ssl.SSLContext, server_name: str) -> Channel:
    """Prepare a session for ``server_name``; raise ValueError where that is no host name."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    return Channel(session, incoming, outgoing)


async def shake_hands(channel: Channel, sock: socket.socket) -> None:
    """Do the handshake; raise `ssl.SSLError` or OSError as they come, alerts sent."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            channel.session.do_handshake()
        except ssl.SSLWantReadError:
            await loop.sock_sendall(sock, channel.outgoing.read())
        except ssl.SSLError:
            _send_at_once(channel, sock)
            raise
        else:
            await loop.sock_sendall(sock, channel.outgoing.read())
            return
        received = await loop.sock_recv(sock, 65536)
        if received:
            channel.incoming.write(received)
        else:
            channel.incoming.write_eof()


def say_goodbye(channel: Channel, sock: socket.socket) -> None:
    """Send close_notify, so that the peer does not log a broken connection; wait for nothing."""
    with contextlib.suppress(ssl.SSLError):
        channel.session.unwrap()
    _send_at_once(channel, sock)


def _send_at_once(channel: Channel, sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.send(channel.outgoing.read())


def presented(session: ssl.SSLObject | ssl.SSLSocket) -> Certificate:
    """Return what is known of the peer's certificate, verified or refused.

    An `ssl.SSLSocket` knows it only if it was not told to shake hands while it was made.
    """
    # Only the private object keeps the chain of a refused handshake, and from Python 3.10 on, which
    # hosts may not have; without it (another implementation, OpenSSL 1.1) that stays unknown.
    inner = getattr(session, "_sslobj", None)
    unverified = getattr(inner, "get_unverified_chain", None)
    if unverified is not None:
        chain = unverified()
        return _facts(chain[0].get_info()) if chain else Certificate()
    try:
        return _facts(session.getpeercert())
    except ValueError:  # it was refused
        return Certificate()


def _facts(info: dict[str, Any] | None) -> Certificate:
    if not info:
        return Certificate()
    until = datetime.datetime.fromtimestamp(
        ssl.cert_time_to_seconds(info["notAfter"]), tz=datetime.UTC
    )
    return Certificate(
        issuer=_distinguished_name(info["issuer"]),
        names=tuple(value for _, value in info.get("subjectAltName", ())),
        expires=until.isoformat().replace("+00:00", "Z"),
    )


_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "domainComponent": "DC",
}


def _distinguished_name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    pairs = [pair for part in reversed(parts) for pair in part]
    return ",".join(f"{_SHORT.get(key, key)}={value}" for key, value in pairs)


def explain_refusal(error: ssl.SSLCertVerificationError, certificate: Certificate) -> str:
    """Say why a certificate was refused, and of which kind the trouble is."""
    known = certificate.expires is not None
    names = (", ".join(certificate.names) or "no name") if known else "another one"
    if error.verify_code == _EXPIRED:
        return "the certificate expired" + (f" ({certificate.expires})" if known else "")
    if error.verify_code == _NOT_YET_VALID:
        return "the certificate is not yet valid (is this machine's clock right?)"
    if error.verify_code in _WRONG_NAME:
        return f"wrong name: the certificate is for {names}"
    if error.verify_code in _UNKNOWN_ISSUER:
        issuer = certificate.issuer or "not known"
        return f"unknown issuer ({issuer}), likely TLS inspection: {error.verify_message}"
    return error.verify_message


def explain_handshake(error: ssl.SSLError) -> str:
    """Say how a handshake broke, for errors other than a refused certificate."""
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "the peer closed the connection during the handshake"
    reason = error.reason or str(error)
    words = reason.replace("_", " ").lower()
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}:
        return f"the peer does not speak TLS ({words})"
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}:
        return f"no TLS version in common ({words})"
    if "ALERT" in reason:
        return f"the peer refused the handshake ({words})"
    return words
