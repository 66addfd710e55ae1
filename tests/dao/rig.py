"""A table behind a wire on which faults can be set, call by call."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.dao.table import Table
from tests.builders import new_id
from tests.wire import Wire


@dataclass
class Rig:
    """A table behind a wire, with a sleep that only counts."""

    name: str
    table: Table
    wire: Wire
    slept: list[float] = field(default_factory=list)


def new_item() -> dict[str, Any]:
    """An item that no other test has."""
    return {"PK": new_id(), "SK": "X"}
