"""What reads: items by key, and pages of a partition, an index or the whole table."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any
from zlib import crc32

from local_stack.resources import Key as KeyAttributes
from simulation.dynamodb.errors import Refused, invalid
from simulation.dynamodb.expressions import Expressions, bound
from simulation.dynamodb.key_conditions import KeyTest, Row, span
from simulation.dynamodb.parameters import check_parameters, no_such_table, one_of
from simulation.dynamodb.schema import Key, Schema, keys_of_transaction
from simulation.dynamodb.scope import Item, Values
from simulation.dynamodb.store import Partitions, Store, place_of
from simulation.dynamodb.values import Image, Value, checked_attributes

_PAGE_BYTES = 1024 * 1024
_BATCH_BYTES = 16 * 1024 * 1024
_MAX_ACTIONS = 100
_SELECTIONS = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")


class Reader:
    """The operations that read."""

    def __init__(self, schema: Schema, store: Store, index_lag: Callable[[], int]) -> None:
        """`index_lag` tells how many changes an index is behind."""
        self._schema = schema
        self._store = store
        self._index_lag = index_lag

    def get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """GetItem."""
        expressions, _ = bound(request)
        self._check_table(request)
        item = self._store.items.get(self._schema.key(self._named(request["Key"])))
        return {} if item is None else {"Item": _shown(item, expressions)}

    def batch_get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """BatchGetItem."""
        tables = request["RequestItems"]
        if not tables or tables.keys() - {self._schema.table_name}:
            raise no_such_table() if tables else invalid("BatchGetItem must have some requests set")
        ((name, body),) = tables.items()
        check_parameters("Keys", body)
        expressions, _ = bound(body)
        keys = [self._schema.key(self._named(key)) for key in body["Keys"]]
        if not 0 < len(keys) <= _MAX_ACTIONS:
            raise invalid(f"A batch has 1 to {_MAX_ACTIONS} keys")
        if len(set(keys)) < len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        found: list[Mapping[str, Value]] = []
        read = 0
        for number, key in enumerate(keys):
            item = self._store.items.get(key)
            if item is None:
                continue
            read += item.size
            if read > _BATCH_BYTES:
                return {"Responses": {name: found}, "UnprocessedKeys": {name: {**body, "Keys": body["Keys"][number:]}}}
            found.append(_shown(item, expressions))
        return {"Responses": {name: found}, "UnprocessedKeys": {}}

    def transact_get_items(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """TransactGetItems."""
        entries = request["TransactItems"]
        if not 0 < len(entries) <= _MAX_ACTIONS:
            raise invalid(f"Member must have length between 1 and {_MAX_ACTIONS}: TransactItems")
        checked = [self._checked_get(entry) for entry in entries]
        keys = keys_of_transaction(checked, lambda get: self._schema.key(get[0]))
        if len(set(keys)) < len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        items = [self._store.items.get(key) for key in keys]
        pairs = zip(items, checked, strict=True)
        return {"Responses": [{} if item is None else {"Item": _shown(item, get[1])} for item, get in pairs]}

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Query."""
        index, place, expressions, values = self._checked_page(request, "querying")
        partition, sort_test = _partition_and_test(expressions.key_tests, place, values)
        if forbidden := expressions.filtered & {place.partition, place.sort}:
            raise invalid(
                "Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {', '.join(sorted(forbidden))}"
            )
        rows = self._store.rows(index, partition)
        images, partitions = self._seen(index, rows)
        if partitions is not None:
            rows = partitions.get(partition, [])
        if sort_test is not None:
            bounds = [values[name]["S"] for name in sort_test.values]
            first, last = span(rows, sort_test.operator, *bounds)
        else:
            first, last = 0, len(rows)
        is_forward = request.get("ScanIndexForward", True)
        start = self._start(request, place)
        if start is not None:
            start_partition, row = start
            if start_partition != partition or (sort_test is not None and not _passes(row, sort_test, values)):
                raise invalid("The provided starting key is outside query boundaries based on provided conditions")
            if is_forward:
                first = max(first, bisect_right(rows, row))
            else:
                last = min(last, bisect_left(rows, row))
        chosen = rows[first:last]
        places = ((partition, row) for row in (chosen if is_forward else reversed(chosen)))
        return self._page(request, place, expressions, values, images, places)

    def scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Scan."""
        index, place, expressions, values = self._checked_page(request, "scanning")
        partitions = self._store.partitions(index)
        images, earlier = self._seen(index, chain.from_iterable(partitions.values()))
        if earlier is not None:
            partitions = earlier
        order = sorted(partitions, key=_placement)
        start = self._start(request, place)
        places: Iterator[tuple[str, Row]] = (
            (partition, row)
            for partition in order
            for row in partitions[partition]
            if start is None or (_placement(partition), row) > (_placement(start[0]), start[1])
        )
        return self._page(request, place, expressions, values, images, places)

    def _checked_page(
        self, request: Mapping[str, Any], doing: str
    ) -> tuple[str | None, KeyAttributes, Expressions, Values]:
        expressions, values = bound(request)
        self._check_table(request)
        index = request.get("IndexName")
        place = self._schema.index(index)
        if index is not None and request.get("ConsistentRead"):
            raise invalid(f"Consistent read cannot be true when {doing} a GSI")
        if request.get("Limit", 1) < 1:
            raise invalid("Limit must be greater than or equal to 1")
        _check_selection(request, index)
        names = {self._schema.partition, self._schema.sort, place.partition, place.sort}
        if wrong := expressions.containers & names:
            raise invalid(f"Key attributes must be scalars; Key: {', '.join(sorted(wrong))}")
        return index, place, expressions, values

    def _start(self, request: Mapping[str, Any], place: KeyAttributes) -> tuple[str, Row] | None:
        given = request.get("ExclusiveStartKey")
        if given is None:
            return None
        names = {self._schema.partition, self._schema.sort, place.partition, place.sort}
        key = checked_attributes(given)
        if key.keys() != names or any(not value.get("S") for value in key.values()):
            raise invalid("The provided starting key is invalid")
        primary = {name: key[name] for name in self._schema.key_names}
        return place_of(Image(key), place, self._schema.key(primary))

    def _page(
        self,
        request: Mapping[str, Any],
        place: KeyAttributes,
        expressions: Expressions,
        values: Values,
        images: Mapping[Key, Image],
        places: Iterator[tuple[str, Row]],
    ) -> dict[str, Any]:
        limit, predicate = request.get("Limit"), expressions.filter
        found: list[Mapping[str, Value]] = []
        scanned, size = 0, 0
        last: tuple[str, Row] | None = None
        for where in places:
            item = images[where[1][1]]
            scanned += 1
            size += item.size
            if predicate is None or predicate(item, values):
                found.append(_shown(item, expressions))
            # A page that is full looks whether there is more; one that has come to its limit does not.
            if scanned == limit or (size >= _PAGE_BYTES and next(places, None) is not None):
                last = where
                break
        answer: dict[str, Any] = {"Count": len(found), "ScannedCount": scanned}
        if request.get("Select") != "COUNT":
            answer["Items"] = found
        if last is not None:
            answer["LastEvaluatedKey"] = self._key_of(place, last)
        return answer

    def _key_of(self, place: KeyAttributes, where: tuple[str, Row]) -> dict[str, Value]:
        partition, (sort, key) = where
        return {
            place.partition: {"S": partition},
            place.sort: {"S": sort},
            self._schema.partition: {"S": key[0]},
            self._schema.sort: {"S": key[1]},
        }

    def _seen(self, index: str | None, rows: Iterable[Row]) -> tuple[Mapping[Key, Image], Partitions | None]:
        """The images that a read shows; if they are of an earlier moment, with the partitions of that moment."""
        lag = self._index_lag() if index is not None else 0
        return self._store.as_it_was(self._schema.index(index), rows, lag) if lag else (self._store.items, None)

    def _checked_get(self, entry: Any) -> tuple[Item, Expressions]:
        if not isinstance(entry, dict) or entry.keys() != {"Get"}:
            raise invalid("TransactItems must contain Get")
        body = entry["Get"]
        check_parameters("Get", body)
        expressions, _ = bound(body)
        self._check_table(body)
        return self._named(body["Key"]), expressions

    def _named(self, given: Any) -> Item:
        """A key as a request names it: it may not fit yet."""
        attributes = checked_attributes(given)
        self._schema.check_filled(attributes)
        return attributes

    def _check_table(self, request: Mapping[str, Any]) -> None:
        if request["TableName"] != self._schema.table_name:
            raise no_such_table()


def _check_selection(request: Mapping[str, Any], index: str | None) -> None:
    wanted = one_of(request, "Select", *_SELECTIONS) if "Select" in request else None
    if (wanted == "SPECIFIC_ATTRIBUTES") != ("ProjectionExpression" in request) and wanted is not None:
        raise invalid(f"Select={wanted} does not go with what ProjectionExpression says")
    if wanted == "ALL_PROJECTED_ATTRIBUTES" and index is None:
        raise invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def _partition_and_test(tests: Sequence[KeyTest], place: KeyAttributes, values: Values) -> tuple[str, KeyTest | None]:
    by_name = {test.attribute: test for test in tests}
    if len(by_name) < len(tests):
        raise invalid("KeyConditionExpressions must only contain one condition per key")
    partition, sort = by_name.pop(place.partition, None), by_name.pop(place.sort, None)
    if partition is None or by_name:
        raise invalid("Query condition missed key schema element")
    if partition.operator != "=":
        raise invalid("Query key condition not supported")
    for test in (partition, *([sort] if sort else [])):
        for name in test.values:
            text = values[name].get("S")
            if text is None:
                raise _type_mismatch()
            if not text:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute "
                    f"cannot contain an empty string value. Key: {test.attribute}"
                )
    return values[partition.values[0]]["S"], sort


def _type_mismatch() -> Refused:
    return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")


def _passes(row: Row, test: KeyTest, values: Values) -> bool:
    return span([row], test.operator, *(values[name]["S"] for name in test.values)) == (0, 1)


@lru_cache(maxsize=65_536)
def _placement(partition: str) -> tuple[int, str]:
    """Where a scan meets a partition: in an order that has nothing to do with its name."""
    return crc32(partition.encode()), partition


def _shown(item: Image, expressions: Expressions) -> Mapping[str, Value]:
    return item if expressions.projection is None else expressions.projection(item)
