"""A system of its own for each test, on a real endpoint."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from localstack_client.session import Session
from rich.console import Console

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.dao.items import Item
from chalicelib.dao.values import serialized
from local_stack.resources import Provisioned, provision, resources
from operations.reading import scan
from operations.records import Place
from operations.screen import Screen
from operations.target import Target
from tests.builders import Clock, new_id
from tests.operations.damage import MAX_ACTIVE_HOLDS, by_place


@dataclass
class Sandbox:
    """A table and queues, with a clock that stands at `NOW` until a test sets it."""

    target: Target
    clock: Clock
    queues: Provisioned
    output: io.StringIO = field(default_factory=io.StringIO)

    @property
    def screen(self) -> Screen:
        """A terminal that is none."""
        return Screen(out=Console(file=self.output, width=80), progress=Console(file=io.StringIO()))

    def put(self, items: Iterable[Item]) -> None:
        """Write items as they are."""
        for item in items:
            self.target.dynamodb.put_item(TableName=self.target.name, Item=serialized(item))

    def items(self) -> dict[Place, Item]:
        """The whole table."""
        return by_place(scan(self.target, lambda _: None))

    def said(self) -> str:
        """What was shown since the last call."""
        text = self.output.getvalue()
        self.output.seek(0)
        self.output.truncate()
        return text


@pytest.fixture
def sandbox(localstack_host: str) -> Sandbox:
    """An empty system."""
    session = Session(localstack_host=localstack_host)
    dynamodb, sqs = session.client("dynamodb", config=CLIENT_CONFIG), session.client("sqs", config=CLIENT_CONFIG)
    queues = provision(resources(prefix=f"o{new_id()[:8]}-"), dynamodb=dynamodb, sqs=sqs)
    clock = Clock()
    target = Target(
        name=queues.table_name,
        dynamodb=dynamodb,
        sqs=sqs,
        clock=clock,
        sleep=lambda _: None,
        max_active_holds=MAX_ACTIVE_HOLDS,
    )
    return Sandbox(target, clock, queues)
