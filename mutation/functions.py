"""Puts a mutant in place where its module is imported already: its functions get the mutant's code.

That takes milliseconds, where to import all that uses the module again takes a second. What is worked out while a
module is imported, such as constants, classes and defaults, can't be changed so.
"""

import gc
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypeAlias

Name: TypeAlias = tuple[str, int]
"""A function's qualified name, and its number among those of the same name, such as lambdas."""

_GONE_AT_ONCE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""Functions that Python makes for itself, and that nobody keeps."""


def differ_in_functions_only(one: CodeType, other: CodeType) -> bool:
    """Whether two versions of a module do the same when they are imported, and have functions of the same names."""
    if _without_functions(one) != _without_functions(other):
        return False
    here, there = _functions(one), _functions(other)
    return here.keys() == there.keys() and all(here[name].co_freevars == there[name].co_freevars for name in here)


class Functions:
    """All functions of an imported module that exist in this process, those made by other functions too."""

    def __init__(self, path: Path) -> None:
        """`path` is the module's file. Raises RuntimeError if it has functions, and none is imported."""
        names = {code: name for name, code in _functions(compile(path.read_text(), path, "exec")).items()}
        self._path = path
        # The collector does not show what was frozen, as the tests of this project do with all that they import.
        gc.unfreeze()
        self._functions: list[tuple[FunctionType, Name]] = [
            (each, names[each.__code__])
            for each in gc.get_objects()
            if type(each) is FunctionType and each.__code__.co_filename == str(path)
        ]
        if names and not self._functions:
            raise RuntimeError(f"no function of {path} is imported")

    def replace(self, source: str) -> None:
        """Give them the code that they have in this source, which differs in functions only."""
        codes = _functions(compile(source, self._path, "exec"))
        for function, name in self._functions:
            function.__code__ = codes[name]


def _functions(module: CodeType) -> dict[Name, CodeType]:
    seen: Counter[str] = Counter()
    found = {}
    for code in _below(module):
        if code.co_flags & inspect.CO_NEWLOCALS and code.co_name not in _GONE_AT_ONCE:
            seen[code.co_qualname] += 1
            found[code.co_qualname, seen[code.co_qualname]] = code
    return found


def _below(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _below(const)


def _without_functions(code: CodeType) -> object:
    """What a module or a class does when it is imported, but for the code of its functions.

    A comprehension that stands in no function is a function by its making only: it has run by then, and never again.
    """
    if code.co_flags & inspect.CO_NEWLOCALS and code.co_name not in _GONE_AT_ONCE:
        return code.co_qualname
    consts = [
        _without_functions(const) if isinstance(const, CodeType) else (type(const), const) for const in code.co_consts
    ]
    return code.co_code, code.co_names, consts
