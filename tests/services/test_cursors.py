"""Cursors open where they were sealed, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInputError
from chalicelib.services.cursors import Cursors

KEY, NEWER_KEY, OTHER_KEY = "a" * 32, "b" * 32, "c" * 32
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
CURSORS = Cursors(keys=[KEY])


@given(listing=TEXTS, place=TEXTS)
def test_a_cursor_opens_for_the_listing_that_it_was_sealed_for(listing: str, place: str) -> None:
    assert CURSORS.open(listing, CURSORS.seal(listing, place)) == place


@given(listing=TEXTS, other=TEXTS, place=TEXTS)
def test_a_cursor_does_not_open_for_another_listing(listing: str, other: str, place: str) -> None:
    if other != listing:
        assert_refused(CURSORS, other, CURSORS.seal(listing, place))


@given(place=TEXTS)
def test_a_cursor_is_text_that_a_url_can_hold_as_it_is(place: str) -> None:
    cursor = CURSORS.seal("mine", place)

    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").replace(".", "").isalnum()


@given(data=st.data(), place=TEXTS)
def test_a_cursor_that_was_changed_anywhere_does_not_open(data: st.DataObject, place: str) -> None:
    cursor = CURSORS.seal("mine", place)
    at = data.draw(st.integers(0, len(cursor) - 1), label="at")
    character = data.draw(st.sampled_from("AZaz09-_."), label="character")
    changed = cursor[:at] + character + cursor[at + 1 :]

    # The last characters of Base64 may have bits that say nothing, so what is changed may be the same in effect.
    try:
        opened = CURSORS.open("mine", changed)
    except InvalidInputError:
        return
    assert opened == place


@given(cursor=TEXTS)
def test_what_nobody_sealed_does_not_open(cursor: str) -> None:
    assert_refused(CURSORS, "mine", cursor)


@pytest.mark.parametrize("cursor", ["", ".", "..", "a.b", "ImEi", ".eJxLBAAAYgBi.x", "\x00", "ä.ä"])
def test_what_is_no_cursor_at_all_does_not_open(cursor: str) -> None:
    assert_refused(CURSORS, "mine", cursor)


def test_half_of_a_cursor_does_not_open() -> None:
    cursor = CURSORS.seal("mine", "place")

    for part in (cursor.partition(".")[0], cursor.partition(".")[2], cursor[:-1], cursor + "A"):
        assert_refused(CURSORS, "mine", part)


def test_a_cursor_of_another_key_does_not_open() -> None:
    assert_refused(CURSORS, "mine", Cursors(keys=[OTHER_KEY]).seal("mine", "place"))


def test_a_cursor_of_the_former_key_opens_as_long_as_that_is_kept() -> None:
    cursor = CURSORS.seal("mine", "place")

    assert Cursors(keys=[NEWER_KEY, KEY]).open("mine", cursor) == "place"
    assert_refused(Cursors(keys=[NEWER_KEY]), "mine", cursor)


def test_the_first_key_seals() -> None:
    cursor = Cursors(keys=[NEWER_KEY, KEY]).seal("mine", "place")

    assert Cursors(keys=[NEWER_KEY]).open("mine", cursor) == "place"
    assert_refused(CURSORS, "mine", cursor)


def assert_refused(cursors: Cursors, listing: str, cursor: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        cursors.open(listing, cursor)
    assert (refused.value.field, refused.value.message) == ("cursor", "is none of this listing")
