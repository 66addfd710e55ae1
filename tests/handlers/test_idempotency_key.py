"""`POST /bookings` with an `Idempotency-Key`."""

import json

import pytest

from chalicelib.domain.errors import ServiceUnavailableError
from tests.fakes import FakeQueue
from tests.handlers.api import JSON, Answer, Api, assert_problem

SLOT_ID = "2030-05-02T09:00"


def hold(api: Api, key: str | None = "key-1", *, slot_id: str = SLOT_ID, user_id: str = "user-1") -> Answer:
    document = {"providerId": "ann", "slotId": slot_id, "userId": user_id}
    headers = {"Content-Type": JSON, **({} if key is None else {"Idempotency-Key": key})}
    return api.request("POST", "/bookings", body=json.dumps(document).encode(), headers=headers)


def test_the_same_request_gives_the_same_answer_and_one_hold(api: Api) -> None:
    api.has_slots()
    first = hold(api)
    api.clock.advance(seconds=10)

    again = hold(api)

    assert (again.status, again.json) == (202, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert list(api.stores.triggers) == [first.json["bookingId"]]


@pytest.mark.parametrize("step", ["confirm", "cancel"])
def test_the_answer_is_the_same_whatever_became_of_the_booking(api: Api, step: str) -> None:
    api.has_slots()
    first = hold(api)
    after = api.post(f"/bookings/{first.json['bookingId']}/{step}").json

    assert hold(api).json == first.json

    assert api.get(f"/bookings/{first.json['bookingId']}").json == after


def test_a_repeat_writes_the_booking_as_the_first_message_may_never_have_been_sent(api: Api) -> None:
    api.has_slots()
    first = hold(api)
    api.queue.sent.clear()

    hold(api)

    assert api.queue.sent == []
    assert api.stores.bookings.keys() == {first.json["bookingId"]}


def test_another_request_with_the_same_key_is_refused(api: Api) -> None:
    api.has_slots()
    hold(api)

    answer = hold(api, slot_id="2030-05-02T10:00")

    assert_problem(answer, 422, "IDEMPOTENCY_KEY_REUSED")
    assert "2030-05-02T10:00" in api.free_slot_ids()


def test_a_key_belongs_to_its_user(api: Api) -> None:
    api.has_slots()
    hold(api)

    assert_problem(hold(api, user_id="user-2"), 409, "SLOT_UNAVAILABLE")
    assert hold(api, slot_id="2030-05-02T10:00", user_id="user-2").status == 202


def test_a_request_that_was_refused_may_be_sent_again_with_its_key(api: Api) -> None:
    api.has_slots()
    taken = hold(api, None).json
    assert_problem(hold(api, user_id="user-2"), 409, "SLOT_UNAVAILABLE")
    api.post(f"/bookings/{taken['bookingId']}/cancel")

    assert hold(api, user_id="user-2").status == 202


def test_after_an_outage_the_request_may_be_sent_again_with_its_key() -> None:
    api = Api(queue=FakeQueue(fails_with=ServiceUnavailableError("The queue can't be reached.")))
    api.has_slots()
    assert_problem(hold(api), 503, "SERVICE_UNAVAILABLE")
    api.queue.fails_with = None

    assert hold(api).status == 202
    assert len(api.stores.triggers) == 1


def test_a_repeat_does_not_need_the_queue(api: Api) -> None:
    api.has_slots()
    first = hold(api)
    api.queue.fails_with = ServiceUnavailableError("The queue can't be reached.")

    assert hold(api).json == first.json

    assert api.get(f"/bookings/{first.json['bookingId']}").json == first.json
    assert SLOT_ID not in api.free_slot_ids()


def test_a_key_is_remembered_for_24_hours(api: Api) -> None:
    api.has_slots(date="2030-05-03")
    first = hold(api, slot_id="2030-05-03T11:00")
    api.clock.advance(hours=23, minutes=59)
    assert hold(api, slot_id="2030-05-03T11:00").json == first.json
    api.clock.advance(minutes=2)

    answer = hold(api, slot_id="2030-05-03T11:00")

    assert answer.status == 202
    assert answer.json["bookingId"] != first.json["bookingId"]


def test_without_a_key_each_request_is_one_of_its_own(api: Api) -> None:
    api.has_slots()
    hold(api, None)
    assert_problem(hold(api, None), 409, "SLOT_UNAVAILABLE")


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "caf\u00e9", "tab\there"])
def test_a_key_that_can_not_be_accepted_is_named_as_the_header_that_it_is(api: Api, key: str) -> None:
    api.has_slots()

    answer = hold(api, key)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert list(answer.wrong_fields) == ["Idempotency-Key"]
    assert api.stores.triggers == {}


@pytest.mark.parametrize("key", ["x", "y" * 255, '"a-quoted-one"', "~!@#$%^&*()"])
def test_a_key_may_have_any_visible_ascii_characters(api: Api, key: str) -> None:
    api.has_slots()
    assert hold(api, key).json == hold(api, key).json
