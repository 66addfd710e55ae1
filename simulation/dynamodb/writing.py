"""What writes: checked first without a look at the items, then tried on each, then done for all or for none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulation.dynamodb.errors import CONDITION_FAILED, NO_REASON, Refused, cancelled, invalid, reason
from simulation.dynamodb.expressions import Expressions, bound
from simulation.dynamodb.parameters import check_parameters, no_such_table, one_of
from simulation.dynamodb.schema import Key, Schema, keys_of_transaction
from simulation.dynamodb.scope import Item, Values
from simulation.dynamodb.store import Store, Token
from simulation.dynamodb.values import Image, check_depth, checked_attributes

_MAX_ITEM_BYTES = 400 * 1024
_MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
_MAX_ACTIONS = 100
_MAX_BATCH = 25
_MAX_TOKEN_LENGTH = 36
_TOKEN_SECONDS = 600
_KINDS = ("Put", "Update", "Delete", "ConditionCheck")
_NOTHING: Item = {}


@dataclass(slots=True)
class _Action:
    """One write, as far as it can be checked without its item."""

    kind: str
    attributes: Image
    """The item that is put, or the key."""
    expressions: Expressions
    values: Values
    shows_old: bool


class Writer:
    """The operations that write."""

    def __init__(self, schema: Schema, store: Store) -> None:
        self._schema = schema
        self._store = store

    def put_item(self, request: Mapping[str, Any], now: float) -> dict[str, Any]:
        """PutItem."""
        return self._write("Put", request, now, one_of(request, "ReturnValues", "NONE", "ALL_OLD"))

    def delete_item(self, request: Mapping[str, Any], now: float) -> dict[str, Any]:
        """DeleteItem."""
        return self._write("Delete", request, now, one_of(request, "ReturnValues", "NONE", "ALL_OLD"))

    def update_item(self, request: Mapping[str, Any], now: float) -> dict[str, Any]:
        """UpdateItem."""
        wanted = one_of(request, "ReturnValues", "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
        if wanted.startswith("UPDATED"):
            raise NotImplementedError(f"the simulated DynamoDB does not know ReturnValues={wanted!r}")
        return self._write("Update", request, now, wanted)

    def transact_write_items(self, request: Mapping[str, Any], now: float) -> dict[str, Any]:
        """TransactWriteItems."""
        given, token = request["TransactItems"], request.get("ClientRequestToken")
        if not 0 < len(given) <= _MAX_ACTIONS:
            raise invalid(f"Member must have length between 1 and {_MAX_ACTIONS}: TransactItems")
        if token is not None and not 0 < len(token) <= _MAX_TOKEN_LENGTH:
            raise invalid(f"Member must have length between 1 and {_MAX_TOKEN_LENGTH}: ClientRequestToken")
        actions = [self._transacted(entry) for entry in given]
        _check_payload(actions)
        keys = self._keys(actions)
        if token is not None and self._is_done(token, given, now):
            return {}
        for key, image in zip(keys, self._try_all(keys, actions), strict=True):
            self._store.write(key, image, now=now)
        if token is not None:
            self._store.tokens[token] = Token(given, now)
        return {}

    def reasons(self, request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What a transaction would be told of each of its actions. Changes nothing."""
        actions = [self._transacted(entry) for entry in request["TransactItems"]]
        if request.get("ClientRequestToken") not in self._store.tokens:
            try:
                self._try_all(self._keys(actions), actions)
            except Refused as refused:
                return list(refused.members["CancellationReasons"])
        return [NO_REASON] * len(actions)

    def batch_write_item(self, request: Mapping[str, Any], now: float) -> dict[str, Any]:
        """BatchWriteItem."""
        tables = request["RequestItems"]
        entries = [entry for table in tables.values() for entry in table]
        if not 0 < len(entries) <= _MAX_BATCH or not all(tables.values()):
            raise invalid(f"A batch has 1 to {_MAX_BATCH} requests, and each table at least one")
        if tables.keys() - {self._schema.table_name}:
            raise no_such_table()
        actions = [self._batched(entry) for entry in entries]
        keys = [self._key(action) for action in actions]
        if len(set(keys)) < len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        images = [self._tried(key, action) for key, action in zip(keys, actions, strict=True)]
        for key, image in zip(keys, images, strict=True):
            self._store.write(key, image, now=now)
        return {"UnprocessedItems": {}}

    def _write(self, kind: str, request: Mapping[str, Any], now: float, wanted: str) -> dict[str, Any]:
        action = self._checked(kind, request)
        key = self._key(action)
        old = self._store.items.get(key)
        new = self._store.write(key, self._tried(key, action), now=now)
        shown = {"NONE": None, "ALL_OLD": old, "ALL_NEW": new}[wanted]
        return {} if shown is None else {"Attributes": shown}

    def _transacted(self, entry: Any) -> _Action:
        if not isinstance(entry, dict) or len(entry) != 1 or next(iter(entry)) not in _KINDS:
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        ((kind, body),) = entry.items()
        check_parameters(kind, body)
        return self._checked(kind, body)

    def _batched(self, entry: Any) -> _Action:
        match entry:
            case {"PutRequest": {"Item": attributes}} if len(entry) == 1:
                return self._checked("Put", {"TableName": self._schema.table_name, "Item": attributes})
            case {"DeleteRequest": {"Key": attributes}} if len(entry) == 1:
                return self._checked("Delete", {"TableName": self._schema.table_name, "Key": attributes})
        raise invalid("A request of a batch contains one of PutRequest or DeleteRequest")

    def _checked(self, kind: str, body: Mapping[str, Any]) -> _Action:
        schema = self._schema
        expressions, values = bound(body)
        if body["TableName"] != schema.table_name:
            raise no_such_table()
        if wrong := expressions.containers & (schema.key_names | schema.index_names):
            raise invalid(f"Key attributes must be scalars; Key: {', '.join(sorted(wrong))}")
        if kind == "Put":
            attributes = Image(checked_attributes(body["Item"]))
            schema.check_index_keys_filled(attributes)
            _check_size(attributes, "Item size has exceeded the maximum allowed size")
        else:
            attributes = Image(checked_attributes(body["Key"]))
        schema.check_filled(attributes)
        shows_old = one_of(body, "ReturnValuesOnConditionCheckFailure", "NONE", "ALL_OLD") == "ALL_OLD"
        return _Action(kind, attributes, expressions, values, shows_old)

    def _key(self, action: _Action) -> Key:
        schema = self._schema
        return schema.key_of_item(action.attributes) if action.kind == "Put" else schema.key(action.attributes)

    def _keys(self, actions: Sequence[_Action]) -> list[Key]:
        """The keys of a transaction, each named once."""
        keys = keys_of_transaction(actions, self._key)
        if len(set(keys)) < len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        return keys

    def _try_all(self, keys: Sequence[Key], actions: Sequence[_Action]) -> list[Image | None]:
        """The new images of all, or the reasons of all that can't be. Changes nothing."""
        images: list[Image | None] = []
        reasons: list[Mapping[str, Any]] = []
        for key, action in zip(keys, actions, strict=True):
            try:
                images.append(self._tried(key, action))
                reasons.append(NO_REASON)
            except Refused as refused:
                reasons.append(reason(refused))
        if len(images) < len(actions):
            raise cancelled(reasons)
        return images

    def _tried(self, key: Key, action: _Action) -> Image | None:
        """The item's image after the action. Changes nothing."""
        schema, expressions, values = self._schema, action.expressions, action.values
        if action.kind == "Put":
            schema.check_index_keys(action.attributes)
        old = self._store.items.get(key)
        condition = expressions.condition
        if condition is not None and not condition(_NOTHING if old is None else old, values):
            members = {"Item": old} if action.shows_old and old is not None else {}
            raise Refused(CONDITION_FAILED, "The conditional request failed", members=members)
        match action.kind:
            case "ConditionCheck":
                return old
            case "Delete":
                return None
            case "Put":
                return action.attributes
        return self._updated(action, action.attributes if old is None else old)

    def _updated(self, action: _Action, item: Image) -> Image:
        update, updated = action.expressions.update, action.expressions.updated
        if wrong := updated & self._schema.key_names:
            raise invalid(
                "One or more parameter values were invalid: "
                f"Cannot update attribute {', '.join(sorted(wrong))}. This attribute is part of the key"
            )
        if update is None:
            return item
        new = update(item, action.values)
        if updated & self._schema.index_names:
            self._schema.check_index_keys(new)
        check_depth(new[name] for name in updated & new.keys())
        _check_size(new, "Item size to update has exceeded the maximum allowed size")
        return new

    def _is_done(self, token: str, actions: Any, now: float) -> bool:
        """Whether the transaction was done under this token before. Raises `Refused` if that was another one."""
        tokens = self._store.tokens
        for name in [name for name, done in tokens.items() if now - done.time >= _TOKEN_SECONDS]:
            del tokens[name]
        done = tokens.get(token)
        if done is not None and done.actions != actions:
            raise Refused(
                "IdempotentParameterMismatchException",
                "The requests with the same client token are not the same",
            )
        return done is not None


def _check_payload(actions: Sequence[_Action]) -> None:
    if len(actions) * _MAX_ITEM_BYTES <= _MAX_TRANSACTION_BYTES:
        return
    if sum(action.attributes.size for action in actions) > _MAX_TRANSACTION_BYTES:
        raise invalid("Transaction payload size cannot exceed 4MB")


def _check_size(item: Image, message: str) -> None:
    if item.size > _MAX_ITEM_BYTES:
        raise invalid(message)
