"""What DynamoDB answers when it does not do what it is asked for."""

from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):  # noqa: N818 - an answer like any other, which the network hands on
    """An AWS error answer: its HTTP status, its code, its message, and what else is in the body."""

    def __init__(self, code: str, message: str, *, status: int = 400, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.members: dict[str, Any] = dict(members or {})


CONDITION_FAILED = "ConditionalCheckFailedException"

NO_REASON: Mapping[str, Any] = {"Code": "None"}
"""What is said of an action that alone would have been done."""


def reason(refused: Refused) -> dict[str, Any]:
    """Why an action of a transaction can't be done."""
    code = "ConditionalCheckFailed" if refused.code == CONDITION_FAILED else "ValidationError"
    return {"Code": code, "Message": refused.message, **refused.members}


def cancelled(reasons: Iterable[Mapping[str, Any]]) -> Refused:
    """A transaction is not done, for these reasons, one for each action."""
    listed = [dict(each) for each in reasons]
    codes = ", ".join(each["Code"] for each in listed)
    return Refused(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        members={"CancellationReasons": listed},
    )


def invalid(message: str) -> Refused:
    """The request can't be right, or does not fit to the item that is there."""
    return Refused("ValidationException", message)
