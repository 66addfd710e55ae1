"""Instants as text, RFC 3339 in UTC with `Z`, and times of the day as `HH:MM`: as the API and the table have them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def to_text(instant: datetime) -> str:
    """Write an aware datetime as RFC 3339 in UTC. Whole seconds have no fraction, so slot times sort as text."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote. Raises ValueError for anything that is no instant with an offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)


def to_epoch_second(instant: datetime) -> int:
    """Whole seconds since 1970, rounded down: a deadline is reached exactly when it is `<= to_epoch_second(now)`."""
    return (instant - _EPOCH) // _SECOND


def from_epoch_second(second: int) -> datetime:
    """The instant of a whole second since 1970. Raises ValueError, OverflowError or OSError when out of range."""
    return datetime.fromtimestamp(second, tz=UTC)


def deadline(start: datetime, length: timedelta) -> datetime:
    """The end of a hold: a whole second, as TTL counts in those, and rounded up, so that no hold is cut short."""
    return whole_second_from(start + length)


def whole_second_from(instant: datetime) -> datetime:
    """The instant itself, or the next whole second: what starts on whole seconds starts before both or neither."""
    return from_epoch_second(-((_EPOCH - instant) // _SECOND))


def clock_time(since_midnight: timedelta) -> str:
    """A time of the day as `HH:MM`; 24 hours is `24:00`."""
    hours, minutes = divmod(since_midnight // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"


def from_clock_time(text: str) -> timedelta:
    """Read what `clock_time` wrote."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
