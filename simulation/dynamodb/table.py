"""One DynamoDB table, in memory and in one thread: the same calls give the same answers, as fast as Python can."""

from collections.abc import Callable, Mapping
from typing import Any

from local_stack.resources import Table as Description
from simulation.dynamodb.parameters import check_parameters, no_such_table
from simulation.dynamodb.reading import Reader
from simulation.dynamodb.schema import Key, Schema
from simulation.dynamodb.store import Change, Snapshot, Store
from simulation.dynamodb.values import Image
from simulation.dynamodb.writing import Writer


class Table:
    """A table whose keys are text, and whose indexes have all attributes.

    What `call` is given and what it returns is DynamoDB's JSON, taken apart. Requests become part of the table, and
    answers show its images: neither may be changed afterwards.
    """

    def __init__(self, description: Description) -> None:
        self._schema = Schema(description)
        self._store = Store(self._schema)
        self.index_lag: Callable[[], int] = lambda: 0
        """How many changes ago a read of an index shows; asked once for each such call."""
        reader = Reader(self._schema, self._store, self._lag)
        self._writer = writer = Writer(self._schema, self._store)
        self._reads: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "GetItem": reader.get_item,
            "Query": reader.query,
            "Scan": reader.scan,
            "BatchGetItem": reader.batch_get_item,
            "TransactGetItems": reader.transact_get_items,
            "DescribeTable": self._describe,
        }
        self._writes: dict[str, Callable[[Mapping[str, Any], float], dict[str, Any]]] = {
            "TransactWriteItems": writer.transact_write_items,
            "PutItem": writer.put_item,
            "UpdateItem": writer.update_item,
            "DeleteItem": writer.delete_item,
            "BatchWriteItem": writer.batch_write_item,
        }

    def call(self, operation: str, request: Mapping[str, Any], *, now: float) -> dict[str, Any]:
        """Answer a call at an instant in epoch seconds, which never goes back.

        Raises `Refused` for an error answer, and NotImplementedError for what is not simulated.
        """
        check_parameters(operation, request)
        read = self._reads.get(operation)
        return read(request) if read else self._writes[operation](request, now)

    def reasons(self, transaction: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What a TransactWriteItems would be told of each of its actions, if it were done now."""
        return self._writer.reasons(transaction)

    @property
    def changes(self) -> list[Change]:
        """The stream: what changed, item by item, in order."""
        return self._store.changes

    def items(self) -> Mapping[Key, Image]:
        """All items by key. Where an image is still the same object, the item was not changed."""
        return self._store.items

    def expired(self, now: float) -> list[Key]:
        """The items that TTL may delete: their time is over, and not for five years yet."""
        return list(self._store.expired(now))

    def delete_expired(self, key: Key, *, now: float) -> None:
        """Delete an item as TTL does. An item that has not expired stays."""
        if key in self.expired(now):
            self._store.write(key, None, now=now, by_ttl=True)

    def snapshot(self) -> Snapshot:
        """The whole table, to come back to."""
        return self._store.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Come back to a snapshot."""
        self._store.restore(snapshot)

    def _lag(self) -> int:
        return self.index_lag()

    def _describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["TableName"] != self._schema.table_name:
            raise no_such_table()
        return {
            "Table": {
                "TableName": self._schema.table_name,
                "TableStatus": "ACTIVE",
                "KeySchema": [
                    {"AttributeName": self._schema.partition, "KeyType": "HASH"},
                    {"AttributeName": self._schema.sort, "KeyType": "RANGE"},
                ],
                "ItemCount": len(self._store.items),
            }
        }
