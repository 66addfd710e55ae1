"""What a process remembers: the latest, and no more than it was told."""

from chalicelib.services.recent import Recent


def test_what_was_kept_last_is_there() -> None:
    recent = Recent[str, int]()
    recent.keep("a", 1)
    recent.keep("a", 2)
    assert recent.get("a") == 2
    assert recent.get("b") is None


def test_what_was_kept_longest_ago_goes_first() -> None:
    recent = Recent[str, int](most=2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        recent.keep(key, value)
    assert [recent.get(key) for key in "abc"] == [3, None, 4]


def test_there_is_room_for_a_thousand() -> None:
    recent = Recent[int, int]()
    for number in range(1001):
        recent.keep(number, number)
    assert [recent.get(number) for number in (0, 1, 1000)] == [None, 1, 1000]
