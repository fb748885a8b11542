"""Leave out of modules that travel together what none of them uses.

By names alone, so that too much may stay, but nothing is missed: a definition at the top of a
module goes if its name occurs nowhere in any of them, an import if its name does not in that one.
"""

import ast
import re
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\w+")
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def shake(modules: Iterable[ast.Module], wanted: str) -> None:
    """Take out of ``modules`` what is neither ``wanted`` nor used, and what only that used."""
    trees, size = tuple(modules), -1
    while size != (size := sum(len(tree.body) for tree in trees)):
        for tree in trees:
            _drop_imports(tree)
        used = {"", wanted}
        for each in (each for tree in trees for each in tree.body):
            used |= {*_used(each)} - {_name(each)}  # what only names itself is not used
        for tree in trees:
            tree.body = [each for each in tree.body if _name(each) in used]


def _drop_imports(tree: ast.Module) -> None:
    used = set(_used(tree, imports=False))
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            node.names = [
                each for each in node.names if (each.asname or each.name.split(".")[0]) in used
            ]
    tree.body = [each for each in tree.body if getattr(each, "names", True)]


def _used(tree: ast.AST, *, imports: bool = True) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and imports:
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.AnnAssign):
            yield from _WORD.findall(ast.unparse(node.annotation))  # texts within it, too


def _name(node: ast.stmt) -> str:
    """Return the name that ``node`` defines, nothing where it does something else as well."""
    if isinstance(node, _Definition):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id if len(node.targets) == 1 else ""
    return ""
