"""One way through a batch, whatever delivers it: each record stands alone, and none is lost.

A record that can't ever be processed goes to the dead-letter queue at once, whole and with its cause. One that failed
for another reason is reported, and delivered again; at its last delivery it goes to the dead-letter queue too, since
what the event source itself would put there has no cause, and for a stream not even the content. The rest of the batch
is not held up by either.

Powertools' batch utility does the reporting as well, but takes 0.14 s to import, a quarter of a whole cold start.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from chalicelib import logs
from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking

_log = logging.getLogger(__name__)

Record: TypeAlias = Mapping[str, Any]
BatchResponse: TypeAlias = dict[str, list[dict[str, str]]]
"""Lambda's partial batch response: `{"batchItemFailures": [{"itemIdentifier": id}]}`."""


class DeadLetters(Protocol):
    """Where records end that can't be processed."""

    def keep(self, content: str, *, cause: str) -> None:
        """Keep one record whole. Raises `ServiceUnavailableError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """What differs between the event sources."""

    identifier: Callable[[Record], str]
    """The id by which the source wants a failed record named."""
    content: Callable[[Record], str]
    """The record as text, whole."""
    booking: Callable[[Record], Booking | None]
    """The booking that the record is about; None if it is about none. Raises `MalformedRecordError`."""
    is_last_delivery: Callable[[Record], bool]
    """Whether the source would give the record up after this delivery."""


class BatchWorker:
    """Processes each record of a batch by itself and reports those that are to be delivered again."""

    def __init__(
        self,
        *,
        source: EventSource,
        process: Callable[[Booking], None],
        dead_letters: DeadLetters,
        begin: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`begin` enters a batch: its time begins."""
        self._source = source
        self._process = process
        self._dead_letters = dead_letters
        self._begin = begin

    def __call__(self, event: Mapping[str, Any]) -> BatchResponse:
        """Process an event as Lambda delivers it. Raises `MalformedRecordError` for one that has no records."""
        records = event.get("Records")
        if not isinstance(records, list):
            raise MalformedRecordError("the event has no list of Records")
        with self._begin():
            return {"batchItemFailures": list(self._failures(records))}

    def _failures(self, records: list[Record]) -> Iterator[dict[str, str]]:
        for record in records:
            identifier = self._source.identifier(record)
            with logs.bound(record_id=identifier):
                if not self._is_done(record):
                    yield {"itemIdentifier": identifier}

    def _is_done(self, record: Record) -> bool:
        """Whether the source may forget the record: it was processed, or is kept as a dead letter."""
        try:
            booking = self._source.booking(record)
            if booking is not None:
                self._process(booking)
        except MalformedRecordError as error:
            return self._bury(record, cause=str(error))
        except Exception as error:
            _log.exception("record failed")
            if not self._source.is_last_delivery(record):
                return False
            return self._bury(record, cause=f"{type(error).__name__}: {error}")
        return True

    def _bury(self, record: Record, *, cause: str) -> bool:
        try:
            self._dead_letters.keep(self._source.content(record), cause=cause)
        except Exception:
            _log.exception("dead letter not kept, the record will be delivered again", extra={"cause": cause})
            return False
        _log.error("record kept as a dead letter", extra={"cause": cause})
        return True
