from __future__ import annotations

import base64
import datetime
import json
from typing import TYPE_CHECKING

import pytest

from chalicelib.dao.keys import EXPIRATION_TRIGGER
from local_stack.resources import resources
from local_stack.stream_records import matches, to_record
from tests.local_stack.support import stream_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams.type_defs import RecordTypeDef

TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_the_record_is_lambdas_to_the_letter() -> None:
    raw: RecordTypeDef = {
        "eventID": "e",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime.datetime(2027, 1, 15, 8, tzinfo=datetime.UTC),
            "Keys": {"PK": {"S": "a"}},
            "OldImage": {"PK": {"S": "a"}, "raw": {"B": b"\x00\xff"}, "list": {"L": [{"BS": [b"x"]}]}},
            "SequenceNumber": "100",
            "SizeBytes": 9,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    }

    record = to_record(raw, stream_arn="arn:stream")

    assert json.loads(json.dumps(record)) == record
    assert record == {
        "eventID": "e",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_800_000_000,
            "Keys": {"PK": {"S": "a"}},
            "OldImage": {
                "PK": {"S": "a"},
                "raw": {"B": base64.b64encode(b"\x00\xff").decode()},
                "list": {"L": [{"BS": [base64.b64encode(b"x").decode()]}]},
            },
            "SequenceNumber": "100",
            "SizeBytes": 9,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:stream",
        "userIdentity": TTL,
    }


def test_only_deletions_of_triggers_by_ttl_pass_the_expiration_filter() -> None:
    pattern = resources().expirations_mapping.filter_pattern
    removed, another = (stream_record(1, name="REMOVE") for _ in range(2))
    removed["dynamodb"]["Keys"]["SK"]["S"] = EXPIRATION_TRIGGER

    assert matches(pattern, removed | {"userIdentity": TTL})
    assert not matches(pattern, another | {"userIdentity": TTL})
    assert not matches(pattern, removed)
    assert not matches(pattern, removed | {"userIdentity": TTL | {"principalId": "someone"}})
    assert not matches(pattern, removed | {"userIdentity": TTL, "eventName": "MODIFY"})


def test_a_filter_reaches_into_the_record() -> None:
    pattern = {"dynamodb": {"Keys": {"SK": {"S": ["S", "T"]}}}}

    assert matches(pattern, stream_record(1))
    assert not matches({"dynamodb": {"Keys": {"SK": {"N": ["1"]}}}}, stream_record(1))


def test_a_filter_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="not understood"):
        matches({"eventName": [{"prefix": "REM"}]}, stream_record(1))
