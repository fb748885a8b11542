"""What travels is made fit for Python 3.9 without becoming another program."""

import ast
import asyncio
import builtins
import dataclasses
import sys
import textwrap
import types
import typing
from typing import Any

import pytest

from pytest_ecs_privatelink.vantage import bundle, onhost_boot
from pytest_ecs_privatelink.vantage.bundle import travelling
from pytest_ecs_privatelink.vantage.older_python import downgrade as tree_of
from pytest_ecs_privatelink.vantage.older_python import write


def downgrade(text: str) -> str:
    """Return ``text`` as it travels."""
    return write(tree_of(text), "made")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Be a host: it knows timeouts of two kinds, and has a module to fill."""
    monkeypatch.setattr(builtins, onhost_boot.TIMEOUTS, (TimeoutError, KeyError), raising=False)
    monkeypatch.setitem(sys.modules, "made", types.ModuleType("made"))
    return sys.modules["made"]


def run(text: str) -> dict[str, Any]:
    """Return the names that ``text`` makes once it is fit for Python 3.9."""
    names = sys.modules["made"].__dict__
    exec(downgrade(textwrap.dedent(text)), names)
    return names


def test_unions_are_those_of_typing() -> None:
    """Aliases and fields keep their meaning where ``|`` between types has none."""
    made = run(
        """
        import dataclasses
        Scalar = int | str
        _Deep = Scalar | tuple[float | None, ...]
        FLAGS = {1} | {2}
        @dataclasses.dataclass
        class Record:
            field: "Scalar | None" = None
            other: list[Scalar | None] | None = None
        """
    )

    assert made["Scalar"] == typing.Union[int, str]  # noqa: UP007 - what is wanted
    assert made["_Deep"] == int | str | tuple[float | None, ...]
    assert made["FLAGS"] == {1, 2}
    hints = typing.get_type_hints(made["Record"])
    assert hints == {"field": int | str | None, "other": list[int | str | None] | None}
    later = dataclasses.fields(made["Record"])[0].type
    assert later == "_typing.Union[Scalar, None]"
    assert "|" not in downgrade("Scalar = int | str")


def test_fields_by_name_may_stand_in_any_order() -> None:
    """Where fields come by name alone, those that must come stand first; others stay in order."""
    made = run(
        """
        from dataclasses import dataclass, field
        @dataclass(frozen=True, slots=True, kw_only=True)
        class Mixed:
            easy: int = 1
            must: str
            also: list[int] = field(default_factory=list)
            last: str
            def method(self) -> str:
                return self.must
        @dataclass(frozen=True, slots=True)
        class Ordered:
            first: str
            second: int = 2
        """
    )

    names = [each.name for each in dataclasses.fields(made["Mixed"])]
    assert names == ["must", "last", "easy", "also"]
    assert made["Mixed"](must="m", last="l").method() == "m"
    assert made["Ordered"]("a", 3).second == 3


def test_what_no_machine_reads_is_left_out() -> None:
    """Docstrings, those of constants included, and annotations do not travel."""
    small = downgrade(
        '''
"""Module."""
LIMIT: int = 3
"""Constant."""
class Empty(Exception):
    """Class."""
def f(a: int, *more: str, by: float = 1.0) -> None:
    """Function."""
    later: int
    now: int = a
    return now
'''
    )

    assert not any(word in small for word in ("Module", "Constant", "Class", "Function", "int"))
    assert run(small)["f"](3) == 3
    assert issubclass(run(small)["Empty"], Exception)


def test_timeouts_are_caught_in_all_their_forms() -> None:
    """Python 3.9 has timeouts that are no `TimeoutError`: each place that means one knows them."""
    made = run(
        """
        def caught(error, alone):
            try:
                raise error
            except TimeoutError if alone else (ValueError, TimeoutError):
                return isinstance(error, TimeoutError), isinstance(error, (int, TimeoutError))
        """
    )

    assert made["caught"](KeyError(), True) == (True, True)
    assert made["caught"](TimeoutError(), False) == (True, True)


def test_unions_may_be_asked_for_members() -> None:
    """``isinstance`` with an alias of a union works where it took classes alone."""
    made = run("Both = int | str\ndef f(x): return isinstance(x, Both), isinstance(x, int)")

    assert made["f"]("") == (True, False)
    assert "get_args(Both) or Both" in downgrade("x = isinstance(y, Both)")


def test_f_strings_say_the_same_in_older_words() -> None:
    """Fields, conversions, formats and formats within formats come out alike, braces too."""
    text = """
width, name, size = 7, "o'k", 1.5
said = f"{name!r:>{width}}|{size:.2f}|{{{size:g}}}|{f'{width}' + 'x'}|{{}}"
"""

    assert run(text)["said"] == '  "o\'k"|1.50|{1.5}|7x|{}'


def test_strict_pairs_become_pairs() -> None:
    """Only Python 3.10 checks lengths in ``zip``."""
    assert run("x = list(zip([1], [2], strict=True))")["x"] == [(1, 2)]
    assert "strict" not in downgrade("zip([1], [2], strict=True)")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("match 1:\n    case 1: pass", "Pattern matching is only supported in Python 3.10"),
        ("try: pass\nexcept* OSError: pass", "Exception groups are only supported in Python 3.11"),
    ],
)
def test_what_cannot_be_made_fit_is_an_error(text: str, why: str) -> None:
    """Syntax that Python 3.9 has nothing for is found here, not on a host."""
    with pytest.raises(ValueError, match=f"made cannot travel to Python 3.9: {why}"):
        downgrade(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import boto3", "boto3"),
        ("def f():\n    import dns.message", "dns.message"),
        ("from pytest import raises", "pytest"),
        ("from . import records", ""),
    ],
)
def test_others_modules_cannot_travel(text: str, wanted: str) -> None:
    """A travelling module that wants more than hosts have is an error that names both."""
    with pytest.raises(ValueError, match=f"a.b cannot travel to hosts: it imports {wanted}"):
        travelling(ast.parse(text), "a.b")


def test_what_is_imported_travels_with_it() -> None:
    """Ours are followed, modules and what is in them told apart; the standard library stays."""
    text = """
import json, pytest_ecs_privatelink.verdict
from pytest_ecs_privatelink.probes import agent
from pytest_ecs_privatelink.records import from_json
"""

    assert travelling(ast.parse(text), "a.b") == (
        "pytest_ecs_privatelink.verdict",
        "pytest_ecs_privatelink.probes",
        "pytest_ecs_privatelink.probes.agent",
        "pytest_ecs_privatelink.records",
    )


def test_the_bundle_holds_what_probes_and_nothing_that_judges() -> None:
    """Only the rooms that touch the wire travel, with the words that they speak."""
    names = {name.rstrip(".") for name in bundle.texts()}

    rooms = {".".join(name.split(".")[1:2]) for name in names}
    assert rooms == {"", "probes", "vantage", "catalogue", "records", "verdict"}
    assert not any("dns_plain" in name for name in names)
    assert "SKIPPED" not in bundle.texts()["pytest_ecs_privatelink.verdict"]
    assert "import dns" not in "".join(bundle.texts().values())


def test_pytest_may_have_rewritten_what_travels(pytester: pytest.Pytester) -> None:
    """An installed plugin's modules are pytest's to load: their texts are still found."""
    pytester.makeconftest("import pytest\npytest.register_assert_rewrite('pytest_ecs_privatelink')")
    pytester.makepyfile(
        """
        from pytest_ecs_privatelink.vantage import bundle, onhost

        def test_it():
            assert "Rewriting" in type(onhost.__spec__.loader).__name__
            assert bundle.bundle()
        """
    )

    found = pytester.runpytest_subprocess("-p", "no:ecs-privatelink")

    found.assert_outcomes(passed=1)


def test_each_text_is_one_that_python_3_9_reads() -> None:
    """Every module of the bundle has the grammar of the oldest Python that hosts may have."""
    for text in bundle.texts().values():
        tree = ast.parse(text, feature_version=(3, 9))
        assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree))


async def _late(timeout: Any) -> str:  # noqa: ANN401
    try:
        async with timeout:
            await asyncio.sleep(60)
    except TimeoutError:
        return "late"
    return "never"


def test_the_stand_ins_do_as_the_real_ones() -> None:
    """Timeouts and text enumerations behave as Python 3.11's, as far as probes use them."""

    async def go() -> tuple[str, str, str]:
        now = asyncio.get_running_loop().time()
        async with onhost_boot._Timeout(now + 60):
            quick = "in time"
        late = await _late(onhost_boot._timeout(0.01))
        return quick, late, await _late(onhost_boot._Timeout(now - 1))

    class Word(onhost_boot._StrEnum):
        ONE = "one"

    assert asyncio.run(go()) == ("in time", "late", "late")
    assert (f"{Word.ONE}", str(Word.ONE), Word("one")) == ("one", "one", Word.ONE)
    assert {"one": 1}[Word.ONE] == 1
