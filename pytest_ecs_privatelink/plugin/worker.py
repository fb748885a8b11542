"""An xdist worker's part: plan as the controller did, and ask its broker."""

import pytest

from pytest_ecs_privatelink.plugin.share import PART, unpack
from pytest_ecs_privatelink.vantage.exchange import SocketLink


class Worker:
    """Joins the run from what the controller packed into ``workerinput``."""

    def __init__(self, packed: str) -> None:
        self._packed = packed
        self._link: SocketLink | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Unpack before anything is collected."""
        part = unpack(self._packed)
        session.config.stash[PART] = part
        self._link = part.link if isinstance(part.link, SocketLink) else None

    def pytest_unconfigure(self) -> None:
        """Let go of the broker's socket."""
        if self._link is not None:
            self._link.close()
