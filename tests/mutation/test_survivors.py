"""The list of mutants that nobody can notice."""

from pathlib import Path

import pytest

from mutation.survivors import SURVIVORS, SurvivorsError, known_survivors, wrong_entries


def test_each_survivor_is_listed_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text('"shop.stock take: clause removal: a" = "a is never false"\n')
    assert known_survivors(path) == {"shop.stock take: clause removal: a": "a is never false"}


def test_the_list_of_this_project_can_be_read() -> None:
    known_survivors(SURVIVORS)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('"a" = ""', "no reason is given for 'a'"),
        ('"a" = " "', "no reason is given for 'a'"),
        ('"a" = 1', "no reason is given for 'a'"),
        ('["a"]\nreason = "b"', "no reason is given for 'a'"),
        ("a", "survivors.toml: "),
        ('"a" = "b"\n"a" = "c"', "survivors.toml: "),
    ],
)
def test_a_list_that_is_wrong_is_one_line_that_says_what(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text(text)
    with pytest.raises(SurvivorsError) as refused:
        known_survivors(path)
    assert what in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_is_not_there_is_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(SurvivorsError, match=r"survivors\.toml: .*No such file"):
        known_survivors(tmp_path / "survivors.toml")


def test_an_entry_that_is_gone_or_was_noticed_is_wrong() -> None:
    assert wrong_entries(["a", "b", "c"], mutants=["a", "b"], survived=["a"]) == [
        "listed, but there is no such mutant: c",
        "listed, but noticed: b",
    ]
