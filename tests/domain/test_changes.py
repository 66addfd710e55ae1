"""What setting a day does to its slots: what is free, what is owned, and what had been withdrawn."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.changes import DayChange, change_of
from chalicelib.domain.models import Availability, Slot, SlotStatus
from tests.builders import DAY, NOW, slot

MIDNIGHT = datetime.combine(DAY, datetime.min.time(), tzinfo=UTC)
LIVE, OVER = NOW + timedelta(minutes=5), NOW


def at(start: int, end: int, state: str = "free", *, withdrawn: bool = False) -> Slot:
    """A slot from one hour to another."""
    times = slot(
        provider_id="ann",
        starts_at=MIDNIGHT + timedelta(hours=start),
        ends_at=MIDNIGHT + timedelta(hours=end),
        withdrawn=withdrawn,
    )
    match state:
        case "held" | "lapsed":
            until = LIVE if state == "held" else OVER
            return replace(times, status=SlotStatus.HELD, held_by="booking-1", hold_expires_at=until)
        case "reserved":
            return replace(times, status=SlotStatus.RESERVED, reserved_by="booking-1")
    return times


def change(before: Sequence[Slot], wanted: Sequence[Slot]) -> DayChange:
    return change_of(Availability(day=DAY, windows=()), replaces="", before=before, wanted=wanted, now=NOW)


def written(of: DayChange) -> dict[str, list[str]]:
    """The slots that are written, by what is done to them."""
    parts = {name: getattr(of, name) for name in ("remove", "withdraw", "restore", "add")}
    return {
        name: [f"{each.starts_at:%H}-{each.ends_at:%H}" for each in slots] for name, slots in parts.items() if slots
    }


@pytest.mark.parametrize(
    ("before", "wanted", "expected"),
    [
        pytest.param([], [at(9, 10)], {"add": ["09-10"]}, id="a first slot"),
        pytest.param([at(9, 10)], [at(9, 10)], {}, id="what is there already costs nothing"),
        pytest.param([at(9, 10, "lapsed")], [at(9, 10)], {}, id="a hold that is over is as good as none"),
        pytest.param([at(9, 10)], [], {"remove": ["09-10"]}, id="closed"),
        pytest.param([at(9, 10, "lapsed")], [], {"remove": ["09-10"]}, id="closed after a hold"),
        pytest.param([at(9, 10, "held")], [], {"withdraw": ["09-10"]}, id="closed while it is held"),
        pytest.param([at(9, 10, "reserved")], [], {"withdraw": ["09-10"]}, id="closed while it is reserved"),
        pytest.param([at(9, 10, "reserved", withdrawn=True)], [], {}, id="closed again"),
        pytest.param([at(9, 10, withdrawn=True)], [], {"remove": ["09-10"]}, id="its booking has ended"),
        pytest.param([at(9, 10, withdrawn=True)], [at(9, 10)], {"restore": ["09-10"]}, id="offered again"),
        pytest.param(
            [at(9, 10, "reserved", withdrawn=True)], [at(9, 10)], {"restore": ["09-10"]}, id="offered when it is over"
        ),
        pytest.param([at(9, 10)], [at(9, 11)], {"add": ["09-11"]}, id="longer, in place of the shorter"),
        pytest.param([at(9, 10, withdrawn=True)], [at(9, 11)], {"add": ["09-11"]}, id="longer, in place of a gone one"),
        pytest.param([at(9, 10, "held")], [at(9, 11)], {"withdraw": ["09-10"]}, id="longer, but held"),
        pytest.param(
            [at(9, 11, "held"), at(11, 12)],
            [at(10, 12), at(12, 13)],
            {"remove": ["11-12"], "withdraw": ["09-11"], "add": ["12-13"]},
            id="nothing is offered where a held one is",
        ),
        pytest.param([at(9, 10, "held")], [at(9, 10)], {}, id="held, and on the grid"),
    ],
)
def test_as_little_is_written_as_needs_be(
    before: list[Slot], wanted: list[Slot], expected: dict[str, list[str]]
) -> None:
    assert written(change(before, wanted)) == expected


def test_what_is_counted() -> None:
    before = [at(8, 9), at(9, 10, "held"), at(10, 11, "reserved"), at(11, 12, "lapsed"), at(12, 13, withdrawn=True)]
    wanted = [at(8, 9), at(9, 10), at(12, 13)]

    made = change(before, wanted)

    assert made.offered == (at(8, 9), at(12, 13))
    assert made.kept == (before[1], before[2])
    assert made.replaced == 2
    assert made.slots_to_write == 3


def test_a_slot_that_gets_an_owner_meanwhile_is_kept_and_nothing_overlaps_it() -> None:
    made = change([at(9, 10), at(10, 11)], [at(9, 12), at(12, 13)])
    assert written(made) == {"remove": ["10-11"], "add": ["09-12", "12-13"]}

    owned = at(10, 11, "held")
    kept = made.but_owned(owned)

    assert written(kept) == {"remove": ["09-10"], "withdraw": ["10-11"], "add": ["12-13"]}
    assert (kept.offered, kept.kept, kept.replaced) == ((at(12, 13),), (owned,), 1)


def test_a_slot_that_gets_an_owner_before_it_is_replaced_is_kept() -> None:
    made = change([at(9, 10)], [at(9, 11), at(11, 12)])

    assert written(made.but_owned(at(9, 10, "reserved"))) == {"withdraw": ["09-10"], "add": ["11-12"]}


@st.composite
def grids(draw: st.DrawFn, *, states: Sequence[str]) -> list[Slot]:
    """Slots of a day that don't overlap, on any hours."""
    edges = sorted(draw(st.lists(st.integers(0, 23), max_size=10, unique=True)))
    return [
        at(start, end, draw(st.sampled_from(states)), withdrawn=draw(st.booleans()) if len(states) > 1 else False)
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]


before_it = grids(states=["free", "held", "lapsed", "reserved"])
wanted_then = grids(states=["free"])


def steps(of: DayChange) -> list[tuple[str, Slot]]:
    return [(name, each) for name in ("remove", "withdraw", "restore", "add") for each in getattr(of, name)]


def applied(before: Sequence[Slot], done: Sequence[tuple[str, Slot]]) -> list[Slot]:
    """The slots after some steps."""
    there = {each.slot_id: each for each in before}
    for name, each in done:
        if name == "remove":
            del there[each.slot_id]
        elif name == "add":
            there[each.slot_id] = each
        else:
            there[each.slot_id] = replace(there[each.slot_id], withdrawn=name == "withdraw")
    return sorted(there.values(), key=lambda each: each.starts_at)


def bookable(slots: Sequence[Slot]) -> list[tuple[datetime, datetime]]:
    return [(each.starts_at, each.ends_at) for each in slots if each.can_be_booked_at(NOW)]


@given(before=before_it, wanted=wanted_then)
def test_afterwards_what_can_be_booked_is_what_is_wanted_and_clear_of_what_is_owned(
    before: list[Slot], wanted: list[Slot]
) -> None:
    made = change(before, wanted)
    after = applied(before, steps(made))

    owned = [each for each in before if each.is_owned_at(NOW)]
    clear = [each for each in wanted if not any(each.overlaps(other) for other in owned)]
    assert bookable(after) == bookable(clear) == bookable(made.offered)
    assert [replace(each, withdrawn=False) for each in after if each.is_owned_at(NOW)] == [
        replace(each, withdrawn=False) for each in owned
    ]


@given(before=before_it, wanted=wanted_then)
def test_an_owned_slot_is_offered_again_exactly_if_it_is_wanted(before: list[Slot], wanted: list[Slot]) -> None:
    after = applied(before, steps(change(before, wanted)))

    spans = [(each.starts_at, each.ends_at) for each in wanted]
    for each in after:
        if each.is_owned_at(NOW):
            assert each.withdrawn is ((each.starts_at, each.ends_at) not in spans)


@given(before=before_it, wanted=wanted_then)
def test_the_same_again_changes_nothing(before: list[Slot], wanted: list[Slot]) -> None:
    after = applied(before, steps(change(before, wanted)))

    assert written(change(after, wanted)) == {}


@given(before=before_it, wanted=wanted_then, data=st.data())
def test_wherever_it_stops_no_two_slots_overlap_and_the_same_again_mends_it(
    before: list[Slot], wanted: list[Slot], data: st.DataObject
) -> None:
    whole = steps(change(before, wanted))
    half_way = applied(before, whole[: data.draw(st.integers(0, len(whole)))])

    assert not any(one.overlaps(other) for number, one in enumerate(half_way) for other in half_way[number + 1 :])
    assert applied(half_way, steps(change(half_way, wanted))) == applied(before, whole)


@given(before=before_it, wanted=wanted_then)
def test_no_slot_is_written_twice(before: list[Slot], wanted: list[Slot]) -> None:
    made = change(before, wanted)

    ids = [each.slot_id for _, each in steps(made)]
    assert len(ids) == len(set(ids)) == made.slots_to_write


def touched(made: DayChange, before: Sequence[Slot]) -> list[Slot]:
    """The slots which the change removes or writes over, and which somebody may get before it does."""
    ids = {each.slot_id for each in (*made.remove, *made.add)}
    return [each for each in before if each.slot_id in ids and not each.withdrawn]


def reserved(slot: Slot) -> Slot:
    return replace(slot, status=SlotStatus.RESERVED, held_by=None, hold_expires_at=None, reserved_by="booking-2")


def check_but_owned(made: DayChange, before: list[Slot], wanted: list[Slot], *, more: int) -> None:
    """With any of the slots that it touches owned, it is what would have been worked out; so with `more` of them."""
    for chosen in touched(made, before):
        then = [reserved(each) if each is chosen else each for each in before]
        instead = change(then, wanted)

        kept = made.but_owned(reserved(chosen))

        assert set(kept.offered) == set(instead.offered)
        assert set(kept.kept) == set(instead.kept)
        assert kept.replaced == instead.replaced
        assert bookable(applied(then, steps(kept))) == bookable(instead.offered)
        ids = [each.slot_id for _, each in steps(kept)]
        assert len(ids) == len(set(ids)), "no slot is written twice"
        if more:
            check_but_owned(kept, then, wanted, more=more - 1)


@given(before=before_it, wanted=wanted_then)
@example(before=[at(0, 1), at(2, 3)], wanted=[at(0, 3)])
@example(before=[at(0, 1), at(2, 3), at(4, 5)], wanted=[at(0, 3)])
@example(before=[at(0, 1), at(2, 3), at(4, 5)], wanted=[at(0, 3), at(4, 6)])
def test_slots_that_get_an_owner_meanwhile_are_as_if_they_had_had_one_before(
    before: list[Slot], wanted: list[Slot]
) -> None:
    check_but_owned(change(before, wanted), before, wanted, more=1)


def test_a_free_slot_that_overlaps_an_owned_one_goes_though_it_is_wanted() -> None:
    """No two such slots come about, but data may be damaged."""
    assert written(change([at(9, 11, "reserved"), at(10, 11)], [at(9, 11), at(10, 11)])) == {"remove": ["10-11"]}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(at(9, 10), slot_id=f"{DAY}T08:00"), id="another name"),
        pytest.param(replace(at(9, 10), starts_at=MIDNIGHT + timedelta(hours=8)), id="another start"),
        pytest.param(replace(at(9, 10), ends_at=MIDNIGHT + timedelta(hours=11)), id="another end"),
    ],
)
def test_a_slot_stays_only_if_its_name_and_its_times_are_the_same(other: Slot) -> None:
    """The same name may stand for other instants after a time zone's rules have changed."""
    assert other in change([at(9, 10)], [other]).add
