"""GETs of the distribution protocol: from an image registry, and from where it redirects."""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.patience import pause_after
from pytest_ecs_privatelink.probes.registry_words import Answerer, read_answer
from pytest_ecs_privatelink.probes.reply import Reply
from pytest_ecs_privatelink.probes.wire import HTTPS, Wire, authority

_OK, _REDIRECTS = 200, frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_PRINTABLE = re.compile(r"[!-~]+")
_LONGEST_REFUSAL = 1 << 16


@dataclass(frozen=True, slots=True)
class _Place:
    """Whom to ask for what; a ``target`` may be presigned, which is as good as a password."""

    link: Link
    host: str
    target: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry at ``host`` (with its port, if it has one), and the way to it.

    ``authorization`` is what to say there, and nowhere else. What the registry itself answers
    belongs to `Link.MANIFEST`; what another host does to which it redirects, to `Link.LAYER`.
    """

    wire: Wire
    host: str
    authorization: str | None = field(default=None, repr=False)

    def get(self, path: str, action: str, accept: str = "*/*") -> Reply:
        """Return the answer of status 200 to a GET of ``path``, redirects followed.

        ``action`` is the IAM action that this takes. Throttling and server errors are waited out;
        raises `WireError` for anything else that comes of it. Close the `Reply`.
        """
        place = _Place(Link.MANIFEST, self.host, path)
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._ask(place, action, accept)
            if reply.status == _OK:
                return reply
            with reply:
                there = self._redirected(place, reply)
            if isinstance(there, str):
                raise unexpected(place.link, f"{place.host} {there}")
            place = there
        raise unexpected(place.link, f"redirected more than {_MOST_REDIRECTS} times")

    def _ask(self, place: _Place, action: str, accept: str) -> Reply:
        attempt, s3 = 1, "s3:GetObject"
        who = Answerer(place.link, place.host, action if place.link is Link.MANIFEST else s3)
        while True:
            reply = self.wire.send(
                place.link,
                place.host,
                "GET",
                place.target,
                self._headers(place, accept),
                attempt=attempt,
            )
            if reply.status == _OK or reply.status in _REDIRECTS:
                return reply
            with reply:
                outcome = read_answer(who, reply.status, reply.headers, _beginning(reply))
            pause = pause_after(attempt, outcome.status, reply.headers)
            if pause is None:
                raise WireError(outcome)
            time.sleep(pause)
            attempt += 1

    def _headers(self, place: _Place, accept: str) -> dict[str, str]:
        # What is hashed is what is stored: nothing on the way shall compress it.
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        if place.host == self.host and self.authorization is not None:
            headers["Authorization"] = self.authorization
        return headers

    # Returns, and never raises: its frame knows presigned URLs.
    def _redirected(self, place: _Place, reply: Reply) -> _Place | str:
        here = f"https://{authority(place.host, self.wire.port)}{place.target}"
        url = _url(here, reply.headers.get("Location", ""))
        if url is None:
            return f"answered HTTP {reply.status} without a place to go to"
        if url.scheme != "https":
            return f"redirects to {url.hostname} without TLS"
        port = url.port or HTTPS
        host = f"{url.hostname}" if port == self.wire.port else f"{url.hostname}:{port}"
        target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        return _Place(Link.MANIFEST if host == self.host else Link.LAYER, host, target)


def _url(here: str, location: str) -> SplitResult | None:
    """Return where ``location`` leads from ``here``; None where it is no URL with a host."""
    if not _PRINTABLE.fullmatch(location):
        return None
    try:
        url = urlsplit(urljoin(here, location))
        usable = url.hostname and url.port != 0  # asking is what finds a port that is none
    except ValueError:
        return None
    return url if usable else None


def _beginning(reply: Reply) -> bytes:
    body = b""
    for piece in reply.chunks(_LONGEST_REFUSAL):
        body += piece
        if len(body) >= _LONGEST_REFUSAL:
            break
    return body


def unexpected(link: Link, detail: str) -> WireError:
    """Return the error for an answer that no registry gives."""
    return WireError(Outcome(status=CallStatus.UNEXPECTED, link=link, detail=detail))
