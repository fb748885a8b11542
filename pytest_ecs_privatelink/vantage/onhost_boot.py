"""The first of our modules to run on a host: what older Pythons lack, and where the others are.

It runs under its own name, with the texts of the others; on a Python that has everything it changes
nothing. What it puts into modules of the standard library is for this one process.
"""

import asyncio
import builtins
import datetime
import enum
import importlib.machinery
import socket
import sys
import types
from collections.abc import Mapping, Sequence

TIMEOUTS = "_privatelink_timeouts"
"""The built-in name of what `TimeoutError` is in an ``except`` on a host: 3.9 knows two of them."""


class _Texts:
    """Finds our modules among ``texts``: by name, a package's with a dot at the end.

    A finder and a loader by what it does: their base classes cost more to import than all of this.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - ours have one place
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        package = f"{fullname}." in self._texts
        if not package and fullname not in self._texts:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=package)  # type: ignore[arg-type]  # it loads

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        text = self._texts.get(name, self._texts.get(f"{name}."))
        exec(compile(text or "", f"<{name}>", "exec"), module.__dict__)  # noqa: S102 - our own


def start(texts: Mapping[str, str]) -> None:
    """Make what is missing, and our modules, importable."""
    _complete()
    sys.meta_path.insert(0, _Texts(texts))


def _complete() -> None:
    setattr(builtins, TIMEOUTS, tuple({TimeoutError, socket.timeout, asyncio.TimeoutError}))
    for module, name, value in (
        (enum, "StrEnum", _StrEnum),
        (datetime, "UTC", datetime.timezone.utc),  # noqa: UP017
        (types, "UnionType", type(None)),
        (asyncio, "timeout", _timeout),
        (asyncio, "timeout_at", _Timeout),
    ):
        if not hasattr(module, name):
            setattr(module, name, value)


class _StrEnum(str, enum.Enum):  # noqa: UP042
    """`enum.StrEnum` of Python 3.11."""

    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]  # as the real one does


class _Timeout:
    """`asyncio.timeout_at` of Python 3.11, as far as a task needs it that nobody else cancels."""

    def __init__(self, when: float) -> None:
        self._when = when
        self._expired = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None

        def expire() -> None:
            self._expired = True
            task.cancel()

        self._handle = asyncio.get_running_loop().call_at(self._when, expire)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self._handle.cancel()
        if self._expired and kind is asyncio.CancelledError:
            raise TimeoutError from error


def _timeout(delay: float) -> _Timeout:
    return _Timeout(asyncio.get_running_loop().time() + delay)
