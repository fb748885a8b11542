"""The twin's certificate authority: one certificate for what answers at an address, no more."""

import datetime
import ssl

import trustme

from pytest_ecs_privatelink.lab.twin_plan import Manner, PlannedServer

_LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_NO_LONGER = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """An authority that exists for one twin; its key never leaves the process."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="pytest-ecs-privatelink lab")
        self._contexts: dict[tuple[tuple[str, ...], bool], ssl.SSLContext] = {}

    def certificate(self) -> bytes:
        """Return the certificate to trust, as PEM."""
        return self._ca.cert_pem.bytes()

    def context(self, server: PlannedServer) -> ssl.SSLContext:
        """Return what a listener needs to be ``server``: the certificate of its names alone."""
        key = (server.names, server.manner is Manner.EXPIRED)
        if key not in self._contexts:
            self._contexts[key] = self._issue(*key)
        return self._contexts[key]

    def _issue(self, names: tuple[str, ...], expired: bool) -> ssl.SSLContext:
        certificate = self._ca.issue_cert(
            *names,
            not_before=_LONG_AGO,
            not_after=_NO_LONGER if expired else None,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context
