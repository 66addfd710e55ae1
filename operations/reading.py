"""Reading many items: all of them, which takes a while, or a few that belong together, at one instant."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, TypeAlias

from chalicelib.dao.items import Item
from chalicelib.dao.table import Retries
from chalicelib.dao.values import deserialized, serialized
from chalicelib.domain.errors import ServiceUnavailableError
from operations.records import Place, place_of, related

if TYPE_CHECKING:
    from operations.target import Target

Found: TypeAlias = Mapping[Place, Item]
"""Items by where they are."""

_SEGMENTS = 4
_MOST_ITEMS = 100
"""DynamoDB's limit for one TransactGetItems."""
_ROUNDS = 4
"""How far items are followed from one to another. In sound data a booking and its slot name each other: two rounds."""
_PASSING_REASONS = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def scan(system: "Target", on_page: Callable[[int], None], **conditions: Any) -> list[Item]:
    """Read the whole table, or what a FilterExpression lets through. `on_page` is told how many items were looked at.

    Each item is read consistently, but not all at the same instant. Raises botocore's errors.
    """
    stopped = Event()

    def read(segment: int) -> list[Item]:
        items: list[Item] = []
        pages = system.dynamodb.get_paginator("scan").paginate(
            TableName=system.name, ConsistentRead=True, Segment=segment, TotalSegments=_SEGMENTS, **conditions
        )
        for page in pages:
            if stopped.is_set():
                break
            items += map(deserialized, page["Items"])
            on_page(page["ScannedCount"])
        return items

    with readers(_SEGMENTS) as threads:
        try:
            return [item for segment in threads.map(read, range(_SEGMENTS)) for item in segment]
        finally:
            stopped.set()


@contextmanager
def readers(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that are not waited for at the end: after a Ctrl-C, a call that hangs must not hold that up."""
    threads = ThreadPoolExecutor(number)
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def read_together(system: "Target", places: Iterable[Place]) -> Found:
    """Read items, and those that they name, all as they are at one instant. Raises `ServiceUnavailableError`.

    With more than 100, which only badly damaged data brings together, it is one instant for each 100.
    """
    wanted = set(places)
    found = _snapshot(system, wanted)
    for _ in range(_ROUNDS):
        further = {place for item in found.values() for place in related(item)} - wanted
        if not further:
            break
        wanted |= further
        found = _snapshot(system, wanted)
    return found


def _snapshot(system: "Target", places: Iterable[Place]) -> Found:
    wanted = sorted(places)
    found: dict[Place, Item] = {}
    for start in range(0, len(wanted), _MOST_ITEMS):
        for item in _get(system, wanted[start : start + _MOST_ITEMS]):
            found[place_of(item)] = item
    return found


def _get(system: "Target", places: list[Place]) -> list[Item]:
    gets: list[Any] = [
        {"Get": {"TableName": system.name, "Key": serialized({"PK": partition, "SK": sort_key})}}
        for partition, sort_key in places
    ]
    for wait in Retries().waits():
        try:
            answer = system.dynamodb.transact_get_items(TransactItems=gets)
        except system.dynamodb.exceptions.TransactionCanceledException as cancelled:
            reasons = {each.get("Code", "None") for each in cancelled.response.get("CancellationReasons", [])}
            if reasons - _PASSING_REASONS:
                raise
            system.sleep(wait)
        else:
            return [deserialized(each["Item"]) for each in answer["Responses"] if each.get("Item")]
    raise ServiceUnavailableError("The items are being changed all the time.")
