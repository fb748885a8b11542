"""What nothing uses does not travel, and nothing else is missing."""

import ast

from pytest_ecs_privatelink.vantage.shaking import shake


def shaken(*texts: str, wanted: str = "main") -> list[str]:
    """Return the texts of modules after what is not used is gone."""
    trees = [ast.parse(text) for text in texts]
    shake(trees, wanted)
    return [ast.unparse(tree) for tree in trees]


def test_what_only_the_unused_used_goes_with_it() -> None:
    """A definition, what it alone needed, and their imports go, however long the chain is."""
    main = "from b import used\ndef main(): return used()"
    other = """
import json
import re
from c import deep, Kind
LIMIT: int = 3
_WORDS = re.compile('x')
def used(): return json.dumps(LIMIT)
def unused(): return deep(_WORDS)
class Unused(Kind):
    def same(self): return Unused()
"""

    left = shaken(main, other, "class Kind: pass\ndef deep(x): return x")

    assert left[0] == ast.unparse(ast.parse(main))
    assert left[1] == ("import json\nLIMIT: int = 3\n\ndef used():\n    return json.dumps(LIMIT)")
    assert left[2] == ""


def test_what_any_module_names_stays() -> None:
    """By attribute, by import, in another's field or its own: each use keeps what is called so."""
    main = """
import b
from c import Kind as Other
class main(Other):
    field: 'Later | None'
    def method(self): return b.attribute(self)
"""
    other = "def attribute(x): return x"
    third = "class Kind: pass\nclass Later: pass\nclass Gone: pass"

    left = shaken(main, other, third)

    assert left[1] == ast.unparse(ast.parse(other))
    assert left[2] == "class Kind:\n    pass\n\nclass Later:\n    pass"


def test_what_does_something_stays() -> None:
    """A statement that defines no one name may have its effect elsewhere: it is not judged."""
    text = "register(1)\na = b = 2\nif a:\n    c = 3\nx.y = 4"

    assert shaken(text) == [text]


def test_modules_are_known_by_the_name_that_they_are_used_by() -> None:
    """``import a.b`` is used as ``a``, ``import a as b`` as ``b``."""
    text = "import a.b\nimport c.d\nimport e as f, g as h\ndef main(): return a.b, f"

    assert shaken(text) == ["import a.b\nimport e as f\n\ndef main():\n    return (a.b, f)"]
