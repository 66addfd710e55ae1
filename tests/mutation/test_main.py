"""A whole campaign, on small projects: who notices what, what survives, and what can't be tried."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from mutation.__main__ import main
from mutation.project import Project

STOCK = """
    from functools import cache

    FEW = frozenset({1, 2})
    KINDS = {"all": ["book"]}
    FIRST = KINDS["all"][0]
    NEEDED = {3}

    def can_take(wanted, there):
        return wanted > 0 and wanted <= there

    def countdown(number):
        while True:
            number -= 1
            if number < 0:
                return number

    def needed():
        return NEEDED

    @cache
    def is_full(number):
        return number > 2

    def never_tried(one, other):
        return one or other
    """
SALE = """
    from shop.stock import FEW

    def is_few(number):
        return number in FEW
    """
CHECKS = """
    import pytest
    from shop.sale import is_few
    from shop.stock import can_take, countdown, is_full, needed

    assert 3 in needed()

    @pytest.mark.parametrize(("wanted", "can"), [(1, True), (5, True), (6, False)])
    def test_no_more_than_there_is(wanted, can):
        assert can_take(wanted, 5) is can

    @pytest.mark.parametrize("how", ["quick", "slow"])
    def test_not_nothing(how):
        if how == "slow":
            assert not can_take(0, 5)

    def test_a_countdown_ends():
        assert countdown(3) == -1

    def test_something_is_needed():
        assert needed() is not None

    def test_a_shelf_is_looked_at():
        is_full(2)

    def test_a_shelf_of_two_is_not_full():
        assert not is_full(2)

    def test_one_and_two_are_few():
        assert is_few(2)
        assert is_few(1)
    """
SURVIVORS = (
    "shop.stock can_take: boundary: wanted > 0",
    "shop.stock can_take: clause removal: wanted > 0",
    "shop.stock never_tried: clause removal: one",
    "shop.stock never_tried: clause removal: other",
)
A_TEST = "checks/test_shop.py::test_"


@dataclass(frozen=True)
class Outcome:
    """How a campaign ended."""

    status: int
    shown: str
    error: str


class Shop:
    """A package `shop`, with its tests in `checks`. What takes long here is an endless loop."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.survivors = root / "survivors.toml"
        self.survivors.touch()
        self.witnesses = root / "witnesses.json"
        self.write("shop/__init__.py", "")

    def write(self, path: str, source: str) -> None:
        """Write a file."""
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(source))

    def run(self, *arguments: str) -> Outcome:
        """Run a campaign."""
        project = Project(
            root=self.root,
            packages=("shop",),
            tests=("checks",),
            without=frozenset({"slow"}),
            patience_seconds=1,
        )
        with redirect_stdout(io.StringIO()) as shown, redirect_stderr(io.StringIO()) as error:
            status = main(
                [*arguments, "--processes", "1"], project=project, survivors=self.survivors, witnesses=self.witnesses
            )
        return Outcome(status, shown.getvalue(), error.getvalue())

    def noticed_by(self) -> dict[str, str]:
        """Who noticed which mutant, as the report has it."""
        lines = [line.partition(" s  ")[2] for line in (self.root / "build" / "mutants.txt").read_text().splitlines()]
        return {name: who for name, _, who in (line.partition("  <- ") for line in lines)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Outcome]:
    """One on a shop that has a bit of everything."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.write("shop/stock.py", STOCK)
    shop.write("shop/sale.py", SALE)
    shop.write("checks/test_shop.py", CHECKS)
    return shop, shop.run()


@pytest.mark.parametrize(
    ("mutant", "who"),
    [
        ("can_take: clause removal: wanted <= there", A_TEST + "no_more_than_there_is[6-False]"),
        ("can_take: boundary: wanted <= there", A_TEST + "no_more_than_there_is[5-True]"),
        ("countdown: boundary: number < 0", A_TEST + "a_countdown_ends"),
        ("is_full: boundary: number > 2", A_TEST + "a_shelf_of_two_is_not_full"),
    ],
)
def test_a_mutant_is_noticed_by_the_test_that_fails(campaign: tuple[Shop, Outcome], mutant: str, who: str) -> None:
    assert campaign[0].noticed_by()[f"shop.stock {mutant}"] == who


def test_an_endless_loop_is_noticed(campaign: tuple[Shop, Outcome]) -> None:
    shop, outcome = campaign
    for without in ("guard removal: if number < 0: never", "compensation removal: number -= 1"):
        assert shop.noticed_by()[f"shop.stock countdown: {without}"] == f"time-out: {A_TEST}a_countdown_ends"
    assert "2 noticed by time-out" in outcome.shown


def test_what_is_worked_out_on_import_is_noticed_by_way_of_those_who_use_it(campaign: tuple[Shop, Outcome]) -> None:
    for number in (1, 2):
        assert campaign[0].noticed_by()[f"shop.stock FEW: case removal: {number}"] == A_TEST + "one_and_two_are_few"


def test_a_mutant_that_can_not_be_imported_is_noticed(campaign: tuple[Shop, Outcome]) -> None:
    shop, outcome = campaign
    assert shop.noticed_by()["shop.stock KINDS: compensation removal: 'book'"] == "import: IndexError"
    assert "1 noticed by import" in outcome.shown


def test_a_mutant_with_which_the_tests_can_not_be_imported_is_noticed(campaign: tuple[Shop, Outcome]) -> None:
    assert campaign[0].noticed_by()["shop.stock NEEDED: case removal: 3"] == "checks/test_shop.py"


def test_what_no_test_runs_and_what_only_tests_notice_that_are_left_out_survives(
    campaign: tuple[Shop, Outcome],
) -> None:
    survived = sorted(name for name, who in campaign[0].noticed_by().items() if who == "nobody")
    assert survived == list(SURVIVORS)


def test_survivors_are_shown_with_what_was_taken_out_and_the_status_is_1(campaign: tuple[Shop, Outcome]) -> None:
    _, outcome = campaign
    assert outcome.status == 1
    shown = [line for line in outcome.shown.splitlines() if line.startswith("survived:")]
    assert sorted(line.removeprefix("survived: ").partition(" (line")[0] for line in shown) == list(SURVIVORS)
    assert "-    return wanted > 0 and wanted <= there\n+    return wanted <= there\n" in outcome.shown


def test_if_the_list_names_the_survivors_all_is_well(shop: Shop) -> None:
    shop.write("shop/stock.py", "def take(a, b):\n    return a and b\n")
    shop.write(
        "checks/test_take.py", "from shop.stock import take\n\ndef test_it():\n    assert not take(True, False)\n"
    )
    name = "shop.stock take: clause removal: a"
    shop.survivors.write_text(f'"{name}" = "a is never false"\n')
    outcome = shop.run()
    assert outcome.status == 0
    assert shop.noticed_by()[name] == "nobody"
    assert "survived:" not in outcome.shown


def test_if_the_list_names_what_is_noticed_or_gone_the_status_is_1(shop: Shop) -> None:
    shop.write("shop/stock.py", "def take(a, b):\n    return a and b\n")
    shop.write(
        "checks/test_take.py", "from shop.stock import take\n\ndef test_it():\n    assert not take(True, False)\n"
    )
    noticed, gone = "shop.stock take: clause removal: b", "shop.gone f: clause removal: b"
    shop.survivors.write_text(f'"{noticed}" = "a reason"\n"{gone}" = "a reason"\n"shop.gone f: flag: a" = "another"\n')
    outcome = shop.run("--anew", "--only", "clause removal: b")
    assert outcome.status == 1
    assert outcome.shown.splitlines()[-2:] == [
        f"listed, but there is no such mutant: {gone}",
        f"listed, but noticed: {noticed}",
    ], "the part of the list that was asked for"


@pytest.mark.parametrize(
    ("checks", "what"),
    [
        ("def test_it():\n    assert False\n", "checks/test_take.py::test_it fails"),
        ("from shop.stock import gone\n", "checks/test_take.py fails"),
        ("", "pytest fails"),
    ],
)
def test_tests_that_fail_without_any_mutant_say_nothing_of_one(shop: Shop, checks: str, what: str) -> None:
    shop.write("shop/stock.py", "def take(a, b):\n    return a and b\n")
    shop.write("checks/test_take.py", checks)
    outcome = shop.run()
    assert outcome.status == 2
    assert outcome.error == f"error: checks: without any change, {what}\n"


def test_a_test_that_ends_its_process_says_nothing_either(shop: Shop) -> None:
    shop.write("shop/stock.py", "def take(a, b):\n    return a and b\n")
    shop.write(
        "checks/test_take.py",
        """
        import os
        from shop.stock import take

        def test_it():
            if take(True, False):
                os._exit(3)
        """,
    )
    outcome = shop.run()
    assert outcome.status == 2
    assert outcome.error == "error: shop.stock take: clause removal: b: a process ended with 3\n"


def test_a_list_that_can_not_be_read_is_one_line_and_status_2(shop: Shop) -> None:
    shop.write("shop/stock.py", "def take(a, b):\n    return a and b\n")
    shop.survivors.write_text("a")
    outcome = shop.run()
    assert outcome.status == 2
    assert outcome.error.startswith("error: survivors.toml: ")
    assert len(outcome.error.splitlines()) == 1


def test_the_mutants_can_be_listed_without_any_being_tried(shop: Shop) -> None:
    shop.write("shop/stock.py", STOCK)
    outcome = shop.run("--list", "--only", "can_take: clause")
    assert outcome.status == 0
    assert outcome.shown.splitlines() == [
        "  10  shop.stock can_take: clause removal: wanted > 0",
        "  10  shop.stock can_take: clause removal: wanted <= there",
    ]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--only", "nothing like it"], "there is no mutant whose name contains 'nothing like it'"),
        (["--processes", "0"], "0 is less than 1"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_says_what(
    shop: Shop, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    shop.write("shop/stock.py", STOCK)
    with pytest.raises(SystemExit) as ended:
        main(arguments, project=Project(root=shop.root, packages=("shop",), tests=()), survivors=shop.survivors)
    assert ended.value.code == 2
    assert what in capsys.readouterr().err


SMALL = """
    def can_take(wanted, there):
        return wanted > 0 and wanted <= there
    """
SMALL_CHECKS = """
    from shop.stock import can_take

    def test_no_more_than_there_is():
        assert can_take(5, 5)
        assert not can_take(6, 5)

    def test_not_nothing():
        assert can_take(1, 5)
        assert not can_take(0, 5)
    """
NOT_NOTHING = "shop.stock can_take: clause removal: wanted > 0"


@pytest.fixture
def small(shop: Shop) -> Shop:
    """A shop with four mutants, all of which are noticed."""
    shop.write("shop/stock.py", SMALL)
    shop.write("checks/test_shop.py", SMALL_CHECKS)
    return shop


def test_who_noticed_is_remembered_and_asked_first(small: Shop) -> None:
    assert small.run().status == 0
    first = small.noticed_by()
    outcome = small.run()
    assert outcome.status == 0
    assert "mutants  " not in outcome.shown, "nobody else needs to be asked"
    assert small.noticed_by() == first


def test_a_mutant_that_is_new_is_shown_first_to_who_noticed_others_of_its_function(small: Shop) -> None:
    small.run()
    known = json.loads(small.witnesses.read_text())
    small.witnesses.write_text(json.dumps({name: who for name, who in known.items() if name != NOT_NOTHING}))
    outcome = small.run()
    assert outcome.status == 0
    assert "mutants  " not in outcome.shown, "nobody else needs to be asked"
    assert json.loads(small.witnesses.read_text()) == known


@pytest.mark.parametrize("witness", [f"{A_TEST}no_more_than_there_is", "checks/test_gone.py::test_gone", A_TEST])
def test_when_a_witness_is_wrong_or_gone_everybody_is_asked(small: Shop, witness: str) -> None:
    small.witnesses.write_text(json.dumps({NOT_NOTHING: witness}))
    assert small.run().status == 0
    assert small.noticed_by()[NOT_NOTHING] == f"{A_TEST}not_nothing"
    assert json.loads(small.witnesses.read_text())[NOT_NOTHING] == f"{A_TEST}not_nothing"


def test_who_fails_without_any_change_notices_nothing(small: Shop) -> None:
    assert small.run().status == 0
    small.write("checks/test_shop.py", SMALL_CHECKS.replace("not can_take(6, 5)", "can_take(6, 5)"))
    outcome = small.run()
    assert outcome.status == 2
    assert outcome.error == f"error: without any change, {A_TEST}no_more_than_there_is fails\n"


@pytest.mark.parametrize("how", [[], ["--anew"]])
def test_one_mutant_alone_leaves_what_is_remembered_of_the_others(small: Shop, how: list[str]) -> None:
    small.run()
    before = small.witnesses.read_text()
    small.run("--only", NOT_NOTHING, *how)
    assert small.witnesses.read_text() == before


def test_what_was_noticed_once_and_is_no_more_survives(small: Shop) -> None:
    small.run()
    small.write("checks/test_shop.py", SMALL_CHECKS.replace("assert not can_take(0, 5)", "pass"))
    outcome = small.run()
    assert outcome.status == 1
    assert f"survived: {NOT_NOTHING}" in outcome.shown


def test_a_listed_survivor_is_tried_again_only_when_all_is_done_anew(small: Shop) -> None:
    small.survivors.write_text(f'"{NOT_NOTHING}" = "It was once so."')
    assert small.run().status == 0
    outcome = small.run("--anew")
    assert outcome.status == 1
    assert f"listed, but noticed: {NOT_NOTHING}" in outcome.shown


def test_a_broken_memory_is_told_in_one_line(small: Shop) -> None:
    small.witnesses.write_text("[]")
    outcome = small.run()
    assert outcome.status == 2
    assert outcome.error.startswith("error: witnesses.json: ")
    assert outcome.error.count("\n") == 1
