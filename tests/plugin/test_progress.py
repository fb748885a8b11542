"""How tasks are getting on is shown behind the cursor, and leaves no trace in what pytest wrote."""

import io

import pytest
from _pytest._io import TerminalWriter

from pytest_ecs_privatelink.plugin.progress import Progress, progress_of

STARTING = "tasks: 3 starting, 0 running"


def screen(written: str) -> str:
    """Return what a terminal shows of one line: text overwrites, columns back, erased ends."""
    line, at = "", 0
    rest = written.replace("\x1b[2m", "").replace("\x1b[0m", "")
    while rest:
        if rest.startswith("\x1b[K"):
            line, rest = line[:at], rest[3:]
        elif rest.startswith("\x1b["):
            columns, _, rest = rest[2:].partition("D")
            at -= int(columns)
        else:
            line, at, rest = line[:at] + rest[0] + line[at + 1 :], at + 1, rest[1:]
    return line


def terminal() -> tuple[io.StringIO, TerminalWriter, Progress]:
    """Return a terminal of 60 columns on which pytest has written a file's name."""
    file = io.StringIO()
    writer = TerminalWriter(file)
    writer.fullwidth = 60
    writer.write("test_task_start.py ")
    return file, writer, Progress(writer, file)


def test_it_stands_behind_what_pytest_wrote_and_is_written_over() -> None:
    """A person sees it change; a dot takes its place without a rest of it."""
    file, writer, progress = terminal()

    progress.tell(STARTING)
    assert screen(file.getvalue()) == f"test_task_start.py  {STARTING}"
    progress.tell("tasks: 0 starting, 0 running, 3 ended")
    assert screen(file.getvalue()) == "test_task_start.py "
    progress.tell("tasks: 1 starting, 2 running")
    progress.pytest_runtest_logreport()
    writer.write(".")
    assert screen(file.getvalue()) == "test_task_start.py ."


def test_a_terminal_that_is_gone_is_no_trouble() -> None:
    """Whoever follows tasks is told of no window that was closed."""
    file, _, progress = terminal()
    progress.tell(STARTING)
    progress.pytest_unconfigure()

    progress.tell("tasks: 1 starting, 2 running")
    progress.pytest_runtest_logreport()
    assert file.closed


def test_it_is_shown_again_where_the_next_test_waits() -> None:
    """Each report erases it, and the wait goes on."""
    file, _, progress = terminal()

    progress.tell(STARTING)
    progress.pytest_runtest_logreport()
    assert screen(file.getvalue()) == "test_task_start.py "
    progress.pytest_runtest_logstart()
    assert screen(file.getvalue()).endswith(STARTING)


def test_it_never_wraps() -> None:
    """What does not fit behind a long line is cut, or not shown."""
    file, writer, progress = terminal()

    writer.write("." * 15)
    progress.tell(STARTING)
    assert len(screen(file.getvalue())) <= 60
    progress.pytest_runtest_logreport()
    writer.write("." * 20)
    progress.tell("tasks: 2 starting, 1 running")
    assert "tasks" not in screen(file.getvalue())


def test_a_log_sees_none_of_it(pytestconfig: pytest.Config) -> None:
    """Where standard output is no terminal, nobody is told."""
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not reporter.isatty:
        assert progress_of(pytestconfig) is None
