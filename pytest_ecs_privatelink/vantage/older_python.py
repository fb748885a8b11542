"""Make the text of a module fit for Python 3.9, and small: what travels is read by no human.

Not all of Python: what our travelling modules use, and an error for what they must not. Left out
are docstrings and all annotations but those of records' fields, which `records` lives by.
"""

import ast
import re
from typing import TypeVar

from pytest_ecs_privatelink.vantage.onhost_boot import TIMEOUTS

FLOOR = (3, 9)
"""The oldest Python that a host may have: that of the ECS-optimized Amazon Linux 2023."""

_TYPING = "_typing"
_ALIAS = re.compile(r"_?[A-Z][a-z]\w*")
_Function = TypeVar("_Function", ast.FunctionDef, ast.AsyncFunctionDef)


def downgrade(text: str) -> ast.Module:
    """Return ``text``, a module's, as it is for Python 3.9, if `write` agrees."""
    tree: ast.Module = _Downgrade().visit(ast.parse(text))
    tree.body.insert(0, ast.Import([ast.alias("typing", _TYPING)]))
    return ast.fix_missing_locations(tree)


def write(tree: ast.Module, name: str) -> str:
    """Return the text of the module ``name``; raise ValueError if Python 3.9 cannot read it."""
    text = ast.unparse(tree)
    try:
        ast.parse(text, feature_version=FLOOR)
    except SyntaxError as error:
        raise ValueError(f"{name} cannot travel to Python 3.9: {error.msg}") from None
    return text


class _Downgrade(ast.NodeTransformer):
    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        node.body = [self._alias(each) for each in _without_docstring(node.body)]
        return node

    def _alias(self, node: ast.stmt) -> ast.stmt:
        if isinstance(node, ast.Assign) and _ALIAS.fullmatch(ast.unparse(node.targets[0])):
            node.value = _Unions().visit(node.value)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        fields = [_field(each) for each in _without_docstring(node.body)]
        if _drop_keywords(node):
            fields.sort(key=lambda each: isinstance(each, ast.AnnAssign) and each.value is not None)
            fields.sort(key=lambda each: not isinstance(each, ast.AnnAssign))
        node.body = fields or [ast.Pass()]
        # Annotations of the fields stay: only what is inside of functions is visited.
        node.body = [
            each if isinstance(each, ast.AnnAssign) else self.visit(each) for each in node.body
        ]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: _Function) -> _Function:
        node.returns = None
        node.body = _without_docstring(node.body) or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=self.visit(node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Call:
        # Python 3.12 writes f-strings that older ones cannot read.
        values: list[ast.expr] = []
        template = ast.Constant(self._template(node, values))
        return ast.Call(ast.Attribute(template, "format", ast.Load()), values, [])

    def _template(self, node: ast.JoinedStr, values: list[ast.expr]) -> str:
        text = ""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                values.append(self.visit(part.value))
                text += "{" + (f"!{part.conversion:c}" if part.conversion >= 0 else "")
                if isinstance(part.format_spec, ast.JoinedStr):
                    text += ":" + self._template(part.format_spec, values)
                text += "}"
            elif isinstance(part, ast.Constant):
                text += str(part.value).replace("{", "{{").replace("}", "}}")
        return text

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        node.type = None if node.type is None else _Timeouts().visit(node.type)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == "zip":
            node.keywords = [each for each in node.keywords if each.arg != "strict"]
        if called == "isinstance":
            node.args[1] = _members(_Timeouts().visit(node.args[1]))
        return node


class _Unions(ast.NodeTransformer):
    """``A | None`` becomes ``Union[A, None]``, in what is not yet read, too."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.BitOr):
            return node
        union = ast.Attribute(ast.Name(_TYPING, ast.Load()), "Union", ast.Load())
        both = ast.Tuple([node.left, node.right], ast.Load())
        return ast.Subscript(union, both, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            later = ast.parse(node.value, mode="eval").body
            return ast.Constant(ast.unparse(self.visit(later)))
        return node


class _Timeouts(ast.NodeTransformer):
    """`TimeoutError` becomes all that Python 3.9 has of it."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(TIMEOUTS, ast.Load()) if node.id == "TimeoutError" else node

    def visit_Tuple(self, node: ast.Tuple) -> ast.Tuple:
        node.elts = [
            ast.Starred(self.visit(each), ast.Load()) if _is_timeout(each) else each
            for each in node.elts
        ]
        return node


def _members(kind: ast.expr) -> ast.expr:
    """Return what stands for ``kind`` where that may be a union: ``get_args(kind) or kind``."""
    if isinstance(kind, ast.Tuple):
        return kind
    get = ast.Attribute(ast.Name(_TYPING, ast.Load()), "get_args", ast.Load())
    return ast.BoolOp(ast.Or(), [ast.Call(get, [kind], []), kind])


def _is_timeout(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "TimeoutError"


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return ``body`` without its docstring, and those of constants and fields."""
    return [
        each
        for each in body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def _field(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.AnnAssign):
        node.annotation = _Unions().visit(node.annotation)
    return node


def _drop_keywords(node: ast.ClassDef) -> bool:
    """Take what 3.10 brought out of ``@dataclass(...)``; tell whether fields were by name."""
    by_name = False
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            by_name |= any(each.arg == "kw_only" for each in decorator.keywords)
            decorator.keywords = [
                each for each in decorator.keywords if each.arg not in {"slots", "kw_only"}
            ]
    return by_name
