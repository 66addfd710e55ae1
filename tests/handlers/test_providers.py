"""`/providers`."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.handlers.fields import time_zones
from tests.handlers.api import Api, assert_problem

NOW_AS_TEXT = "2030-05-01T12:00:00.250000Z"


def test_a_provider_is_created_under_the_callers_own_id(api: Api) -> None:
    answer = api.post("/providers", {"name": "Ann", "timeZone": "Europe/Berlin", "providerId": "Dr_Ann-7"})

    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == "/providers/Dr_Ann-7"
    assert answer.headers["X-Request-Id"]
    assert answer.json == {
        "providerId": "Dr_Ann-7",
        "name": "Ann",
        "timeZone": "Europe/Berlin",
        "createdAt": NOW_AS_TEXT,
    }


def test_without_an_id_a_provider_gets_one_and_lives_in_utc(api: Api) -> None:
    answer = api.post("/providers", {"name": "Ann"})

    provider = answer.json
    assert answer.status == 201
    assert re.fullmatch(r"provider-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", provider["providerId"])
    assert answer.headers["Location"] == f"/providers/{provider['providerId']}"
    assert provider["timeZone"] == "UTC"


def test_a_created_provider_can_be_read_where_location_says(api: Api) -> None:
    created = api.post("/providers", {"name": "Ann", "timeZone": "Asia/Kathmandu"})

    read = api.get(created.headers["Location"])

    assert read.status == 200
    assert read.headers["Content-Type"] == "application/json"
    assert read.json == created.json


def test_two_providers_without_an_id_are_two(api: Api) -> None:
    first, second = (api.post("/providers", {"name": "Ann"}).json["providerId"] for _ in range(2))

    assert first != second
    assert api.get(f"/providers/{first}").json["providerId"] == first


def test_an_id_that_is_taken_is_refused_and_the_first_provider_stays(api: Api) -> None:
    api.post("/providers", {"name": "Ann", "providerId": "ann"})

    answer = api.post("/providers", {"name": "Bob", "providerId": "ann"})

    assert_problem(answer, 409, "PROVIDER_EXISTS")
    assert api.get("/providers/ann").json["name"] == "Ann"


@pytest.mark.parametrize(
    "name",
    ["x", "x" * 200, "Zoë Ünsal", "王小明", "👩‍⚕️", "O'Neil; DROP TABLE", '"quoted"\\', "{0}", " Ann "],
)
def test_any_printable_name_comes_back_as_it_was_sent(api: Api, name: str) -> None:
    answer = api.post("/providers", {"name": name})

    assert answer.status == 201
    assert api.get(answer.headers["Location"]).json["name"] == name


@pytest.mark.parametrize("provider_id", ["a", "-", "_", "A" * 64, "provider-1"])
def test_ids_of_letters_digits_hyphens_and_underscores_are_taken(api: Api, provider_id: str) -> None:
    api.has_provider(provider_id)

    assert api.get(f"/providers/{provider_id}").json["providerId"] == provider_id


@given(zone=st.sampled_from(sorted(time_zones())))
def test_a_day_can_be_set_in_every_time_zone_that_is_accepted(zone: str) -> None:
    api = Api()
    api.has_provider(timeZone=zone)
    day = {"date": "2030-05-03", "startTime": "00:00", "endTime": "24:00", "slotDurationMinutes": 480}

    answer = api.post("/providers/ann/availability", day)

    assert answer.status == 201
    assert answer.json["timeZone"] == zone


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        pytest.param({}, {"name": "is required"}, id="nothing"),
        pytest.param({"name": None}, {"name": "must not be null"}, id="null name"),
        pytest.param({"name": 5}, {"name": "must be text"}, id="number as name"),
        pytest.param({"name": True}, {"name": "must be text"}, id="boolean as name"),
        pytest.param({"name": ["Ann"]}, {"name": "must be text"}, id="list as name"),
        pytest.param({"name": ""}, {"name": "must have at least 1 character(s)"}, id="empty name"),
        pytest.param({"name": " \u3000"}, {"name": "must not be blank"}, id="blank name"),
        pytest.param({"name": "x" * 201}, {"name": "must have at most 200 character(s)"}, id="long name"),
        pytest.param({"name": "A\x00nn"}, {"name": "must not contain control characters"}, id="NUL in name"),
        pytest.param({"name": "A\nnn"}, {"name": "must not contain control characters"}, id="line feed in name"),
        pytest.param({"name": "A\x7fnn"}, {"name": "must not contain control characters"}, id="DEL in name"),
        pytest.param({"name": "A\x9bnn"}, {"name": "must not contain control characters"}, id="C1 control in name"),
        pytest.param({"name": "\ud800"}, {"name": "must be valid Unicode"}, id="lone surrogate in name"),
        pytest.param(
            {"name": "Ann", "timeZone": "Mars/Olympus"},
            {"timeZone": "must be the name of an IANA time zone, such as Europe/Berlin"},
            id="unknown zone",
        ),
        pytest.param(
            {"name": "Ann", "timeZone": "../etc/passwd"},
            {"timeZone": "must be the name of an IANA time zone, such as Europe/Berlin"},
            id="a path as zone",
        ),
        pytest.param(
            {"name": "Ann", "timeZone": "europe/berlin"},
            {"timeZone": "must be the name of an IANA time zone, such as Europe/Berlin"},
            id="zone in the wrong case",
        ),
        pytest.param({"name": "Ann", "timeZone": None}, {"timeZone": "must not be null"}, id="null zone"),
        pytest.param({"name": "Ann", "timeZone": 1}, {"timeZone": "must be text"}, id="number as zone"),
        *(
            pytest.param(
                {"name": "Ann", "providerId": provider_id},
                {"providerId": "must match ^[A-Za-z0-9_-]{1,64}$"},
                id=f"provider id {provider_id[:9]!r}",
            )
            for provider_id in ("", "x" * 65, "a b", "a#b", "a/b", "ann\n", "änn", "..")
        ),
        pytest.param({"name": "Ann", "providerId": None}, {"providerId": "must not be null"}, id="null provider id"),
        pytest.param({"name": "Ann", "providerId": 7}, {"providerId": "must be text"}, id="number as provider id"),
        pytest.param({"name": "Ann", "role": "admin"}, {"role": "is not a known field"}, id="unknown field"),
        pytest.param({"name": "Ann", "time_zone": "UTC"}, {"time_zone": "is not a known field"}, id="snake case"),
        pytest.param({"name": "Ann", "{0}": 1}, {"{0}": "is not a known field"}, id="braces in a field's name"),
        pytest.param(
            {"timeZone": "Nowhere", "providerId": "a b", "colour": "red"},
            {
                "name": "is required",
                "timeZone": "must be the name of an IANA time zone, such as Europe/Berlin",
                "providerId": "must match ^[A-Za-z0-9_-]{1,64}$",
                "colour": "is not a known field",
            },
            id="all at once",
        ),
    ],
)
def test_a_provider_that_can_not_be_accepted_is_refused_with_every_bad_field(
    api: Api, document: dict[str, object], wrong: dict[str, str]
) -> None:
    answer = api.post("/providers", document)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong
    assert not api.stores.providers


@pytest.mark.parametrize("provider_id", ["nobody", "x" * 65, "a%20b", "a%2Fb", "a.b", "~", "*", "é"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/providers/{}"), ("GET", "/providers/{}/slots?date=2030-05-02"), ("POST", "/providers/{}/availability")],
)
def test_a_provider_that_is_not_there_is_not_found(api: Api, method: str, path: str, provider_id: str) -> None:
    body = b'{"date":"2030-05-02","startTime":"09:00","endTime":"10:00","slotDurationMinutes":30}'

    answer = api.request(
        method,
        path.format(provider_id),
        body=body if method == "POST" else b"",
        headers={"Content-Type": "application/json"},
    )

    assert_problem(answer, 404, "PROVIDER_NOT_FOUND")
