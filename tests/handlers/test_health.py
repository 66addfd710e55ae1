"""`/health`."""

import pytest

from tests.fakes import FakeDependency
from tests.handlers.api import Api, assert_problem


def test_a_process_that_is_up_says_so(api: Api) -> None:
    answer = api.get("/health")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"status": "ok"}


def test_a_process_is_up_though_nothing_behind_it_answers() -> None:
    api = Api(table=FakeDependency(ok=False), queue_sign_of_life=FakeDependency(ok=False))

    assert api.get("/health").status == 200


def test_the_system_is_ready_when_table_and_queue_answer(api: Api) -> None:
    answer = api.get("/health/ready")

    assert answer.status == 200
    assert answer.json == {"status": "ready", "checks": {"table": "ok", "queue": "ok"}}


@pytest.mark.parametrize(
    ("table", "queue", "checks", "named"),
    [
        (False, True, {"table": "unavailable", "queue": "ok"}, "table"),
        (True, False, {"table": "ok", "queue": "unavailable"}, "queue"),
        (False, False, {"table": "unavailable", "queue": "unavailable"}, "table, queue"),
    ],
)
def test_the_system_is_not_ready_when_something_does_not_answer_and_says_what(
    table: bool, queue: bool, checks: dict[str, str], named: str
) -> None:
    api = Api(table=FakeDependency(ok=table), queue_sign_of_life=FakeDependency(ok=queue))

    answer = api.get("/health/ready")

    assert_problem(answer, 503, "SERVICE_UNAVAILABLE")
    assert answer.json["checks"] == checks
    assert answer.json["detail"] == f"No answer from: {named}."
    assert int(answer.headers["Retry-After"]) >= 1
