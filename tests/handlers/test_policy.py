"""A provider's policy, over HTTP."""

import pytest

from tests.handlers.api import Answer, Api, Json, assert_problem

RULES = {"minNoticeMinutes": 60, "maxAdvanceDays": 30, "cancelCutoffMinutes": 1440, "holdSeconds": 120}


def patch(api: Api, document: Json) -> Answer:
    return api.patch("/providers/ann", document)


def hold(api: Api, slot_id: str) -> Answer:
    return api.post("/bookings", {"providerId": "ann", "slotId": slot_id, "userId": "user-1"})


def test_a_provider_is_shown_with_the_rules_that_it_was_created_with(api: Api) -> None:
    created = api.post("/providers", {"name": "Ann", "providerId": "ann", **RULES})
    assert created.status == 201
    assert RULES.items() <= created.json.items()
    assert api.get("/providers/ann").json == created.json


def test_a_change_changes_what_it_names_and_nothing_else(api: Api) -> None:
    api.has_provider("ann", timeZone="Europe/Berlin", minNoticeMinutes=60)
    before = api.get("/providers/ann").json

    answer = patch(api, {"maxAdvanceDays": 30})

    assert answer.status == 200
    assert answer.json == {**before, "maxAdvanceDays": 30}
    assert patch(api, {"name": "Ann B."}).json == {**before, "name": "Ann B.", "maxAdvanceDays": 30}
    assert api.get("/providers/ann").json == {**before, "name": "Ann B.", "maxAdvanceDays": 30}


def test_null_ends_a_rule(api: Api) -> None:
    api.has_provider("ann", **RULES)
    answer = patch(api, {"minNoticeMinutes": None, "holdSeconds": None})
    assert "minNoticeMinutes" not in answer.json
    assert answer.json["maxAdvanceDays"] == 30


def test_a_change_of_nothing_answers_with_the_provider(api: Api) -> None:
    api.has_provider("ann", **RULES)
    assert patch(api, {}).json == api.get("/providers/ann").json


def test_an_unknown_provider_can_not_be_changed(api: Api) -> None:
    assert_problem(patch(api, {"name": "Ann"}), 404, "PROVIDER_NOT_FOUND")


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"name": None}, {"name": "must not be null"}),
        ({"name": ""}, {"name": "must have at least 1 character(s)"}),
        ({"timeZone": "UTC"}, {"timeZone": "is not a known field"}),
        ({"providerId": "bob"}, {"providerId": "is not a known field"}),
        ({"minNoticeMinutes": -1}, {"minNoticeMinutes": "must be at least 0"}),
        ({"minNoticeMinutes": 525601}, {"minNoticeMinutes": "must be at most 525600"}),
        ({"maxAdvanceDays": 3651}, {"maxAdvanceDays": "must be at most 3650"}),
        ({"cancelCutoffMinutes": "1"}, {"cancelCutoffMinutes": "must be a whole number"}),
        (
            {"holdSeconds": 0, "maxAdvanceDays": 1.5},
            {"holdSeconds": "must be at least 1", "maxAdvanceDays": "must be a whole number"},
        ),
        ({"holdSeconds": 86401}, {"holdSeconds": "must be at most 86400"}),
    ],
)
def test_every_bad_field_of_a_change_is_named(api: Api, document: Json, wrong: dict[str, str]) -> None:
    api.has_provider()
    before = api.get("/providers/ann").json

    answer = patch(api, document)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong
    assert api.get("/providers/ann").json == before


@pytest.mark.parametrize("rule", RULES)
def test_a_new_provider_has_no_rule_that_is_null(api: Api, rule: str) -> None:
    answer = api.post("/providers", {"name": "Ann", rule: None})
    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {rule: "must not be null"}


def test_a_hold_is_as_long_as_the_provider_says(api: Api) -> None:
    api.has_slots()
    patch(api, {"holdSeconds": 10})
    assert hold(api, "2030-05-02T09:00").json["expiresAt"] == "2030-05-01T12:00:11Z"


def test_a_slot_that_starts_too_soon_is_refused(api: Api) -> None:
    api.has_slots()
    patch(api, {"minNoticeMinutes": 22 * 60})
    answer = hold(api, "2030-05-02T09:00")
    assert_problem(answer, 409, "TOO_SHORT_NOTICE")
    assert "1320 minutes" in answer.json["detail"]
    assert hold(api, "2030-05-02T11:00").status == 202


def test_a_slot_that_is_too_far_ahead_is_refused(api: Api) -> None:
    api.has_slots(date="2030-05-11")
    patch(api, {"maxAdvanceDays": 9})
    assert_problem(hold(api, "2030-05-11T09:00"), 409, "TOO_FAR_AHEAD")
    patch(api, {"maxAdvanceDays": 10})
    assert hold(api, "2030-05-11T09:00").status == 202


@pytest.mark.parametrize(
    ("rules", "free"),
    [
        ({}, ["2030-05-02T09:00", "2030-05-02T10:00", "2030-05-02T11:00"]),
        ({"minNoticeMinutes": 22 * 60}, ["2030-05-02T11:00"]),
        ({"maxAdvanceDays": 1, "minNoticeMinutes": 0}, ["2030-05-02T09:00", "2030-05-02T10:00", "2030-05-02T11:00"]),
        ({"maxAdvanceDays": 0}, []),
    ],
)
def test_only_what_the_policy_allows_is_shown_as_free(api: Api, rules: Json, free: list[str]) -> None:
    api.has_slots()
    patch(api, rules)
    assert api.free_slot_ids() == free
    of_range = api.get("/providers/ann/slots?from=2030-05-01&to=2030-05-03&limit=2").json
    assert [slot["slotId"] for slot in of_range["slots"]] == free[:2]
    assert (of_range["nextCursor"] is None) == (len(free) <= 2)


def test_a_confirmed_booking_that_starts_too_soon_can_be_neither_cancelled_nor_rescheduled(api: Api) -> None:
    api.has_slots()
    path = f"/bookings/{api.has_booking()['bookingId']}"
    confirmed = api.post(f"{path}/confirm").json
    patch(api, {"cancelCutoffMinutes": 21 * 60})

    assert_problem(api.post(f"{path}/cancel"), 409, "CANCEL_CUTOFF_PASSED")
    assert_problem(api.post(f"{path}/reschedule", {"slotId": "2030-05-02T11:00"}), 409, "CANCEL_CUTOFF_PASSED")

    assert api.get(path).json == confirmed
    patch(api, {"cancelCutoffMinutes": 20 * 60})
    assert api.post(f"{path}/cancel").status == 200
