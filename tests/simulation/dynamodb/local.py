"""DynamoDB Local as it is on the wire: any request goes through, whatever boto3 would say to it."""

import http.client
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from local_stack.resources import Key, Table

_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
)
_MOST_RECORDS = 1000


class Outcome(NamedTuple):
    """What became of a call: an answer, or an error with its code and what else it says."""

    answer: dict[str, Any] | None
    code: str = ""
    message: str = ""
    members: Mapping[str, Any] = MappingProxyType({})


class LocalTable:
    """A table on DynamoDB Local, and its stream."""

    def __init__(self, url: str, table: Table) -> None:
        """Makes the table."""
        self.name = table.name
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        keys = [table.key, *table.indexes.values()]
        self.call(
            "CreateTable",
            {
                "TableName": table.name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"} for key in keys for name in (key.partition, key.sort)
                ],
                "KeySchema": _key_schema(table.key),
                "GlobalSecondaryIndexes": [
                    {"IndexName": name, "KeySchema": _key_schema(key), "Projection": {"ProjectionType": "ALL"}}
                    for name, key in table.indexes.items()
                ],
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": table.stream_view_type},
            },
        )
        self._key = table.key
        self._iterator = self._latest()

    def call(self, operation: str, request: Mapping[str, Any], *, service: str = "DynamoDB_20120810") -> Outcome:
        """Send a request as it is."""
        self._connection.request(
            "POST",
            "/",
            json.dumps(request),
            {
                "X-Amz-Target": f"{service}.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
                "Authorization": _AUTHORIZATION,
            },
        )
        response = self._connection.getresponse()
        body = json.loads(response.read())
        if response.status == 200:
            return Outcome(body)
        code = body.pop("__type").partition("#")[2]
        message = body.pop("message", None) or body.pop("Message", "")
        return Outcome(None, code, message, body)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def items(self) -> list[dict[str, Any]]:
        """Every item; the tables are small."""
        answer = cast("dict[str, Any]", self.call("Scan", {"TableName": self.name}).answer)
        return cast("list[dict[str, Any]]", answer["Items"])

    def clear(self) -> None:
        """Remove every item, and forget the stream so far."""
        for item in self.items():
            key = {name: item[name] for name in (self._key.partition, self._key.sort)}
            self.call("DeleteItem", {"TableName": self.name, "Key": key})
        list(self.records())

    def records(self) -> Iterator[dict[str, Any]]:
        """What the stream tells since the last look."""
        while True:
            answer = self._streams("GetRecords", {"ShardIterator": self._iterator, "Limit": _MOST_RECORDS})
            self._iterator = answer["NextShardIterator"]
            yield from answer["Records"]
            if not answer["Records"]:
                return

    def _latest(self) -> str:
        arn = self._streams("ListStreams", {"TableName": self.name})["Streams"][0]["StreamArn"]
        (shard,) = self._streams("DescribeStream", {"StreamArn": arn})["StreamDescription"]["Shards"]
        request = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        return cast("str", self._streams("GetShardIterator", request)["ShardIterator"])

    def _streams(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        outcome = self.call(operation, request, service="DynamoDBStreams_20120810")
        assert outcome.answer is not None, outcome
        return outcome.answer


def _key_schema(key: Key) -> list[dict[str, str]]:
    return [
        {"AttributeName": key.partition, "KeyType": "HASH"},
        {"AttributeName": key.sort, "KeyType": "RANGE"},
    ]
