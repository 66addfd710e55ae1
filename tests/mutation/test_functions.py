"""A module that is imported already gets the functions of another version of it."""

import gc
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from mutation.functions import Functions, differ_in_functions_only

SOURCE = """
LIMIT = 1

def f(a=LIMIT):
    return a + 1

class C:
    size = 1

    def m(self):
        return [n for n in range(3) if n]

def made():
    def inner():
        return 1
    return inner

KEPT = made()
LAMBDA = lambda: 1
EVEN = [e for e in range(4) if e % 2 == 0]
"""


def imported(path: Path) -> ModuleType:
    module = ModuleType("snippet")
    path.write_text(SOURCE)
    exec(compile(SOURCE, path, "exec"), module.__dict__)  # noqa: S102 - that is how a module is imported
    return module


def test_functions_methods_and_what_functions_made_get_the_other_code(tmp_path: Path) -> None:
    path = tmp_path / "snippet.py"
    module = imported(path)
    before = module.C()
    assert (module.f(), before.m(), module.KEPT(), module.LAMBDA()) == (2, [1, 2], 1, 1)
    Functions(path).replace(
        SOURCE.replace("return 1", "return 2")
        .replace("a + 1", "a + 2")
        .replace(" if n", "")
        .replace("lambda: 1", "lambda: 2")
    )
    assert (module.f(), before.m(), module.KEPT(), module.LAMBDA()) == (3, [0, 1, 2], 2, 2)


def test_functions_are_found_though_somebody_has_frozen_them_for_the_collector(tmp_path: Path) -> None:
    module = imported(tmp_path / "snippet.py")
    gc.freeze()
    try:
        Functions(tmp_path / "snippet.py").replace(SOURCE.replace("return 1", "return 2"))
    finally:
        gc.unfreeze()
    assert module.KEPT() == 2


def test_a_module_that_is_not_imported_is_told_as_no_mutant_could_be_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "snippet.py"
    path.write_text(SOURCE)
    with pytest.raises(RuntimeError, match=r"no function of .*snippet\.py is imported"):
        Functions(path)


@pytest.mark.parametrize(
    ("taken", "put"),
    [("a + 1", "a"), (" if n", ""), ("[n for n in range(3) if n]", "[]"), ("        return 1\n", "        return 2\n")],
)
def test_what_only_functions_do_can_be_replaced(taken: str, put: str) -> None:
    assert differ_in_functions_only(_compiled(SOURCE), _compiled(SOURCE.replace(taken, put)))


@pytest.mark.parametrize(
    ("taken", "put"),
    [
        ("LIMIT = 1", "LIMIT = 2"),
        ("LIMIT = 1", "LIMIT = True"),
        ("a=LIMIT", "a=2"),
        ("size = 1", "size = 2"),
        ("KEPT = made()", ""),
        ("lambda: 1", "None"),
        (" if e % 2 == 0", ""),
        ("    def inner():\n        return 1\n    return inner", "    return None"),
        ("    def inner():\n        return 1\n", "    one = 1\n    def inner():\n        return one\n"),
    ],
)
def test_what_is_done_on_import_and_functions_that_come_or_go_can_not(taken: str, put: str) -> None:
    assert taken in SOURCE
    assert not differ_in_functions_only(_compiled(SOURCE), _compiled(SOURCE.replace(taken, put)))


def _compiled(source: str) -> CodeType:
    return compile(source, "snippet.py", "exec")
