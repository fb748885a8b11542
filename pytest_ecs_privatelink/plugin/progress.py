"""How one-off tasks are getting on, in grey behind what pytest has written: terminals only.

Nothing of it stays, and logs of CI servers see none of it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, TextIO

import pytest

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

# Control sequences of ECMA-48: erase to the end of the line, and the cursor left by some columns.
_ERASE = "\x1b[K"
_BACK = "\x1b[{}D"
_FAINT, _PLAIN = "\x1b[2m", "\x1b[0m"
_WAITED_FOR = "tasks: 0 starting, 0 running"
_LEAST = 20


class Progress:
    """Hooks of the controller that write behind the cursor, and erase before pytest goes on.

    ``writer`` is pytest's, ``terminal`` is where it writes when it captures nothing.
    """

    def __init__(self, writer: TerminalWriter, terminal: TextIO) -> None:
        self._writer = writer
        self._terminal = terminal
        self._told = ""
        self._shown = False
        self._alone = threading.Lock()

    def tell(self, text: str) -> None:
        """Show ``text``, in the place of what was shown; called from any thread."""
        with self._alone:
            self._told = "" if text.startswith(_WAITED_FOR) else text
            self._show()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logstart(self) -> None:
        """Show it again behind the name of the file whose tests now wait."""
        with self._alone:
            self._show()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Erase it: pytest writes there now."""
        with self._alone:
            self._erase()

    def pytest_unconfigure(self) -> None:
        """Let go of the terminal."""
        with contextlib.suppress(OSError):
            self._terminal.close()

    def _show(self) -> None:
        room = self._writer.fullwidth - self._writer.width_of_current_line - 2
        if not self._told or room < _LEAST:
            self._erase()
            return
        text = f" {self._told[:room]}"
        self._put(f"{_ERASE}{_FAINT}{text}{_PLAIN}{_BACK.format(len(text))}")
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            self._put(_ERASE)
        self._shown = False

    def _put(self, text: str) -> None:
        # Past the writer, which would count it as part of the line. A terminal that is gone is no
        # trouble of whoever follows tasks.
        with contextlib.suppress(OSError, ValueError):
            self._terminal.write(text)
            self._terminal.flush()


def progress_of(config: pytest.Config) -> Progress | None:
    """Return what shows progress; None where no person watches, or none wants to."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    watched = reporter is not None and reporter.isatty and os.environ.get("TERM") != "dumb"
    if not watched or config.get_verbosity() < 0:
        return None
    writer = config.get_terminal_writer()
    # A copy: while a test runs, standard output is captured, and tasks start meanwhile.
    copy = os.dup(writer._file.fileno())
    return Progress(writer, os.fdopen(copy, "w", encoding=writer._file.encoding))
