"""What is known of a mutant."""

from pathlib import Path

from mutation.mutants import Mutant, mutants_of

SOURCE = '''
"""A module."""

LIMIT = frozenset({1})


class Shop:
    """A class."""

    def take(self, a: int, b: int) -> bool:
        return (
            a
            and b
        )

    def give(self, a: int) -> None:
        self.close(a)
        self.close(a)
'''


def mutants(tmp_path: Path, source: str = SOURCE) -> dict[str, Mutant]:
    path = tmp_path / "shop.py"
    path.write_text(source)
    return {mutant.name: mutant for mutant in mutants_of("shop", path)}


def test_a_name_tells_where_and_what_and_no_two_are_alike(tmp_path: Path) -> None:
    assert list(mutants(tmp_path)) == [
        "shop LIMIT: case removal: 1",
        "shop Shop.take: clause removal: a",
        "shop Shop.take: clause removal: b",
        "shop Shop.give: compensation removal: self.close(a)",
        "shop Shop.give: compensation removal: self.close(a) (2)",
    ]


def test_a_name_stays_when_lines_above_it_change(tmp_path: Path) -> None:
    assert list(mutants(tmp_path, "import os\n" + SOURCE)) == list(mutants(tmp_path))


def test_a_line_is_where_it_stands_and_the_lines_are_those_of_the_whole_statement(tmp_path: Path) -> None:
    b = mutants(tmp_path)["shop Shop.take: clause removal: b"]
    assert b.line == 13
    assert b.lines == range(11, 15)


def test_the_lines_of_a_statement_with_a_block_are_those_of_its_head(tmp_path: Path) -> None:
    source = "def f(a, b):\n    if (\n        a\n        and b\n    ):\n        return 1\n    return 2\n"
    assert mutants(tmp_path, source)["shop f: clause removal: a"].lines == range(2, 6)


def test_what_is_bound_outside_of_functions_is_known_by_its_name(tmp_path: Path) -> None:
    found = mutants(tmp_path)
    assert found["shop LIMIT: case removal: 1"].binds == "LIMIT"
    assert found["shop Shop.take: clause removal: a"].binds == ""


def test_the_difference_is_what_was_taken_out(tmp_path: Path) -> None:
    difference = mutants(tmp_path)["shop Shop.take: clause removal: a"].difference
    assert difference == "-        return a and b\n+        return b"
