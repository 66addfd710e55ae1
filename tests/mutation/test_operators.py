"""What each operator takes out of a few lines, and what it leaves alone."""

from pathlib import Path
from textwrap import dedent

import pytest

from mutation.mutants import Mutant, mutants_of


def mutants(tmp_path: Path, source: str) -> list[Mutant]:
    path = tmp_path / "snippet.py"
    path.write_text(dedent(source))
    return list(mutants_of("snippet", path))


def taken_out(tmp_path: Path, source: str, kind: str) -> dict[str, str]:
    """What is taken out, each with the lines that there are instead."""
    return {
        mutant.name.partition(f": {kind}: ")[2]: "\n".join(
            line[1:].strip() for line in mutant.difference.splitlines() if line.startswith("+")
        )
        for mutant in mutants(tmp_path, source)
        if mutant.kind == kind
    }


def test_each_operand_of_and_or_or_is_taken_out_and_the_others_stay(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a, b, c):\n    return a and b and c", "clause removal") == {
        "a": "return b and c",
        "b": "return a and c",
        "c": "return a and b",
    }
    assert taken_out(tmp_path, "def f(a, b):\n    return a or b", "clause removal") == {
        "a": "return b",
        "b": "return a",
    }


def test_each_clause_of_a_boto3_condition_is_taken_out_at_every_depth(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a, b, c):\n    return a & b | (a & c)", "clause removal") == {
        "a & b": "return a & c",
        "a & c": "return a & b",
        "a": "return b | a & c",
        "b": "return a | a & c",
        "a (2)": "return a & b | c",
        "c": "return a & b | a",
    }


@pytest.mark.parametrize(
    "write",
    ["put(item, {})", "delete(key, {})", "check(key, {})", "update(key, write=1, condition={})"],
)
def test_the_whole_condition_of_a_write_is_replaced_by_one_that_always_holds(tmp_path: Path, write: str) -> None:
    gone = taken_out(tmp_path, f"def f(item, key, free):\n    return {write.format('free(key)')}", "clause removal")
    assert list(gone) == ["free(key)"]
    assert ".exists() | " in gone["free(key)"]
    assert ".not_exists()" in gone["free(key)"]


def test_what_is_no_write_has_no_condition(tmp_path: Path) -> None:
    assert mutants(tmp_path, "def f(a, b):\n    return look(a, b) + a.put(a, b)") == []


def test_an_if_takes_one_side_always_and_still_does_what_its_test_does(tmp_path: Path) -> None:
    source = """
        def f(a):
            if a.is_done():
                b = 1
            else:
                b = 2
            return b
        """
    assert taken_out(tmp_path, source, "clause removal") == {
        "if a.is_done(): never": "a.is_done()\nb = 2",
        "if a.is_done(): always": "a.is_done()\nb = 1",
    }


def test_a_choice_in_an_expression_takes_one_side_always(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a):\n    return 1 if a else 2", "clause removal") == {
        "if a: never": "return 2",
        "if a: always": "return 1",
    }


def test_a_filter_lets_everything_through(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a):\n    return [b for b in a if b > 1]", "clause removal") == {
        "if b > 1": "return [b for b in a]"
    }


def test_a_guard_is_taken_out_and_also_always_taken(tmp_path: Path) -> None:
    source = """
        def f(a):
            if a is None:
                raise ValueError
            return a
        """
    assert taken_out(tmp_path, source, "guard removal") == {"if a is None: never": ""}
    assert taken_out(tmp_path, source, "clause removal") == {"if a is None: always": "raise ValueError"}
    assert taken_out(tmp_path, source, "compensation removal") == {}, "to leave the raise out would be the same"


def test_each_element_of_a_compared_tuple_is_left_out_of_the_comparison(tmp_path: Path) -> None:
    gone = taken_out(tmp_path, "def f(a, b, c):\n    return (a, b) == c", "clause removal")
    assert list(gone) == ["a == ...[0]", "b == ...[1]"]
    assert gone["a == ...[0]"] == "return (b,) == (*c[:0], *c[1:])"


def test_each_case_of_a_set_and_of_a_tuple_that_is_gone_through_or_returned_is_taken_out(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "A = frozenset({1, 2})\nB = {3}", "case removal") == {
        "1": "A = frozenset({2})",
        "2": "A = frozenset({1})",
        "3": "B = set()",
    }
    assert taken_out(tmp_path, "def f():\n    for a in (1, 2):\n        yield a", "case removal") == {
        "1": "for a in (2,):",
        "2": "for a in (1,):",
    }
    assert taken_out(tmp_path, "def f(a, b):\n    return (a, b)", "case removal") == {
        "a": "return (b,)",
        "b": "return (a,)",
    }


def test_each_flag_is_turned_round_but_in_a_log(tmp_path: Path) -> None:
    source = """
        def f(a):
            _log.info("done", exc_info=True)
            return read(a, ConsistentRead=True, limit=1)
        """
    assert taken_out(tmp_path, source, "flag") == {
        "ConsistentRead=True": "return read(a, ConsistentRead=False, limit=1)"
    }


def test_each_boundary_changes_sides_in_python_and_in_conditions(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a, b):\n    return a <= b", "boundary") == {"a <= b": "return a < b"}
    assert taken_out(tmp_path, "def f(a, b):\n    return b.gt(a)", "boundary") == {"b.gt(a)": "return b.gte(a)"}


def test_what_is_tried_several_times_is_tried_once(tmp_path: Path) -> None:
    source = """
        class Retries:
            attempts: int = 8

        CONFIG = Config(retries={"total_max_attempts": 3})

        def f():
            for _ in range(5):
                work()
        """
    assert taken_out(tmp_path, source, "retry removal") == {
        "attempts: 8": "attempts: int = 1",
        "total_max_attempts: 3": "CONFIG = Config(retries={'total_max_attempts': 1})",
        "for _ in range(5)": "for _ in range(1):",
    }


def test_what_a_method_makes_once_and_uses_twice_is_made_anew_for_each_use(tmp_path: Path) -> None:
    source = """
        def f(self):
            token = self._new_token()
            once = self._clock()
            self.send(token)
            return [self.send(token), once]
        """
    assert taken_out(tmp_path, source, "retry removal") == {
        "token = self._new_token()": "pass\nself.send(self._new_token())\nreturn [self.send(self._new_token()), once]"
    }


def test_each_error_that_is_handled_passes_on(tmp_path: Path) -> None:
    source = """
        def f():
            try:
                return work()
            except (KeyError, ValueError):
                return None
        """
    assert taken_out(tmp_path, source, "handler removal") == {
        "except KeyError": "except (ValueError,):",
        "except ValueError": "except (KeyError,):",
    }


def test_a_with_is_left_out_and_its_body_stays(tmp_path: Path) -> None:
    source = """
        def f():
            with limit():
                return work()
        """
    assert taken_out(tmp_path, source, "handler removal") == {"with limit()": "return work()"}
    assert mutants(tmp_path, source.replace("limit()", "limit() as it")) == [], "its body could not do without"


def test_each_effect_is_left_out_but_for_logs(tmp_path: Path) -> None:
    source = """
        def f(self, a):
            _log.info("it begins")
            super().__init__()
            self.release(a)
            a += 1
            return a
        """
    assert taken_out(tmp_path, source, "compensation removal") == {"self.release(a)": "", "a += 1": ""}


def test_a_compensation_that_is_asked_for_its_outcome_is_left_out_with_either(tmp_path: Path) -> None:
    source = """
        def f(self):
            try:
                work()
            except OSError:
                if self._release():
                    raise
        """
    gone = taken_out(tmp_path, source, "compensation removal")
    assert gone["self._release(): True"] == "if True:"
    assert gone["self._release(): False"] == "if False:"


def test_each_error_that_is_raised_outside_of_a_guard_goes_no_further(tmp_path: Path) -> None:
    source = """
        def f():
            try:
                work()
            except OSError as error:
                raise KeyError from error
        """
    assert taken_out(tmp_path, source, "compensation removal")["raise KeyError from error"] == "pass"


def test_each_action_of_a_list_is_left_out(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a, b):\n    return transact([a, *b])", "compensation removal") == {
        "a": "return transact([*b])",
        "*b": "return transact([a])",
    }


def test_each_type_that_something_may_be_of_is_taken_out(tmp_path: Path) -> None:
    assert taken_out(tmp_path, "def f(a):\n    return isinstance(a, Lost | Refused)", "clause removal") == {
        "Lost": "return isinstance(a, Refused)",
        "Refused": "return isinstance(a, Lost)",
    }


def test_types_and_decorators_are_left_alone(tmp_path: Path) -> None:
    source = """
        @dataclass(frozen=True)
        class A:
            b: int | None

            @cached(forever=True)
            def f(self, a: int | str) -> int | None:
                return a
        """
    assert mutants(tmp_path, source) == []
