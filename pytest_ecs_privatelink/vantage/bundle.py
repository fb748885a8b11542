"""Our own modules in one line of text, for a Python that has none of them.

What travels is found by following imports from `onhost`, so that nobody keeps a list; a module that
imports anything but the standard library and us is an error. Where one of them has a stand-in that
needs less, that one travels under its name (`_STAND_INS`). What nothing uses stays behind.
"""

import ast
import base64
import functools
import importlib.util
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

from pytest_ecs_privatelink.vantage.older_python import downgrade, write
from pytest_ecs_privatelink.vantage.shaking import shake

_US = __name__.partition(".")[0]
_BOOT = f"{_US}.vantage.onhost_boot"
_MAIN = f"{_US}.vantage.onhost"
_STAND_INS = {f"{_US}.probes.dns_codec": f"{_US}.probes.dns_plain"}
"""dnspython reads DNS where it is installed; hosts have none."""

# Python's flags: nothing of the user's environment or site, and no compiled files left behind.
_FLAGS = "-ISB"
# No quotes in it: it stands within two pairs of them.
_LOADER = (
    "import sys,json,zlib,base64;"
    "texts=json.loads(zlib.decompress(base64.b64decode(sys.stdin.readline())));"
    "exec(texts.pop(str()))"
)
# The name of the file tells most versions (not a launcher's, which lies in a folder of shims):
# starting Python to ask for it takes as long as probing.
FIND_PYTHON = (
    "found=; for each in python3 /usr/bin/python3 /usr/local/bin/python3 python3.13 python3.12"
    " python3.11 python3.10 python3.9 /usr/libexec/platform-python; do"
    ' command -v "$each" >/dev/null 2>&1 || continue; found=$each;'
    ' case $(readlink -f "$(command -v "$each")" 2>/dev/null) in'
    " */bin/python3.9|*/bin/python3.1[0-9]) ;;"
    ' *) "$each" -ISc "import sys; sys.exit(sys.version_info < (3, 9))" </dev/null >/dev/null 2>&1'
    f' || continue;; esac; exec "$each" {_FLAGS} -c "{_LOADER}"; done;'
    ' test -z "$found" && echo "no python3 on this host: install Python 3.9 or newer" >&2'
    " && exit 127;"
    ' echo "$("$found" -V 2>&1) is too old: install Python 3.9 or newer on this host" >&2; exit 3'
)
"""Text for ``sh``, of one line, that runs what its stdin brings by the first Python that can."""

COMMAND = f"exec /bin/sh -c '{FIND_PYTHON}'"
"""The same for any login shell, csh and fish included."""


@functools.cache
def bundle() -> str:
    """Return the program as one line: base64 over zlib over JSON, texts by the module's name."""
    boot = write(downgrade(_source(_BOOT)), _BOOT)
    begun = {"": f"{boot}\nstart(texts)\nfrom {_MAIN} import main\nmain()"}
    packed = zlib.compress(json.dumps(begun | texts()).encode(), 9)
    return base64.b64encode(packed).decode()


@functools.cache
def texts() -> dict[str, str]:
    """Return all that travels, by the module's name; the names of packages end with a dot."""
    trees = _reached({})
    shake(trees.values(), "main")
    return {
        f"{name}." if _is_package(name) else name: write(tree, name)
        for name, tree in _reached(trees).items()
    }


def _reached(known: Mapping[str, ast.Module]) -> dict[str, ast.Module]:
    """Return the modules that `_MAIN` leads to: the ``known`` ones as they are, others read."""
    names, found = [_MAIN], dict[str, ast.Module]()
    while names:
        name = names.pop()
        if name in found or not name:
            continue
        standing_in = _STAND_INS.get(name, name)
        found[name] = known.get(name) or downgrade(_source(standing_in))
        names += travelling(found[name], standing_in)
        names.append(name.rpartition(".")[0])
    return found


def travelling(module: ast.Module, name: str) -> tuple[str, ...]:
    """Return what of ours ``module``, called ``name``, imports; raise ValueError for others'."""
    wanted: list[str] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            wanted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted.append(node.module or "")
            wanted += [f"{node.module}.{alias.name}" for alias in node.names]
    for each in wanted:
        top = each.partition(".")[0]
        if top != _US and top not in sys.stdlib_module_names:
            raise ValueError(f"{name} cannot travel to hosts: it imports {each}")
    return tuple(each for each in wanted if each.partition(".")[0] == _US and _exists(each))


def _exists(name: str) -> bool:
    """Tell a module from a name that is imported out of one."""
    parent = name.rpartition(".")[0]
    return not parent or (_is_package(parent) and importlib.util.find_spec(name) is not None)


@functools.cache
def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _source(name: str) -> str:
    # By its file: pytest loads the modules of plugins by itself, and does not tell their texts.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ValueError(f"{name} cannot travel to hosts: its source is not here")
    return Path(spec.origin).read_text(encoding="utf-8")
