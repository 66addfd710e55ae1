"""A boto3 client whose endpoint is a function, such as a simulated table."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.aws import CLIENT_CONFIG
from simulation.dynamodb import Refused
from tests.wire import answer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def client_of(endpoint: Callable[[str, dict[str, Any]], Mapping[str, Any]]) -> "DynamoDBClient":
    """A client with the application's limits. The endpoint is given operations and requests; it may raise `Refused`."""

    def answered(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        operation = cast("bytes", request.headers["X-Amz-Target"]).decode().partition(".")[2]
        try:
            return answer(request, 200, dict(endpoint(operation, json.loads(cast("bytes", request.body)))))
        except Refused as refused:
            body = {"__type": f"com.amazonaws.dynamodb.v20120810#{refused.code}", "message": refused.message}
            return answer(request, refused.status, body | refused.members)

    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    client: Any = session.client("dynamodb", config=CLIENT_CONFIG)
    client.meta.events.register("before-send.dynamodb.*", answered)
    return cast("DynamoDBClient", client)
