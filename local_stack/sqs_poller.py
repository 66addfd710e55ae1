"""Delivers a queue to a worker as Lambda's SQS event source mapping does."""

from __future__ import annotations

import base64
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local_stack.invocation import Backoff, Event, Handler, Monitor, Silence, failed_identifiers, make_context
from local_stack.patience import Patience
from local_stack.resources import WORKER_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

    from local_stack.resources import QueueMapping

_log = logging.getLogger(__name__)


class SqsPoller:
    """Long-polls a queue in as many threads as the mapping allows and deletes what the worker got done.

    What fails is not touched: it comes again after the queue's visibility timeout, and the queue itself moves it to
    its dead-letter queue after the maximum of receives. An endpoint that can't be reached is tried again for ever.
    """

    def __init__(
        self,
        *,
        sqs: SQSClient,
        queue_url: str,
        queue_arn: str,
        region: str,
        mapping: QueueMapping,
        handler: Handler,
        function_name: str,
        wait_seconds: int = 1,
        monitor: Monitor | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """`wait_seconds` is how long one poll waits for a message (0 to 20), and so how long a stop may take."""
        self._sqs = sqs
        self._queue_url = queue_url
        self._queue_arn = queue_arn
        self._region = region
        self._mapping = mapping
        self._handler = handler
        self._function_name = function_name
        self._wait_seconds = wait_seconds
        self._monitor = monitor or Silence()
        self._backoff = backoff or Backoff()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to poll in the background."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._run, name=f"{self._function_name}-{number}", daemon=True)
            for number in range(self._mapping.concurrency)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, patience: Patience | None = None) -> bool:
        """Finish the batches at hand and end; returns whether that was done in time.

        A batch that was not done in time is left: its messages come again, as after any crash.
        """
        self._stopping.set()
        return (patience or Patience(WORKER_TIMEOUT_SECONDS)).join(self._threads)

    def poll(self) -> int:
        """Receive one batch, deliver it and delete what succeeded; returns how many messages it had.

        Raises botocore's errors when the queue can't be reached.
        """
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=self._mapping.batch_size,
            WaitTimeSeconds=self._wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if messages:
            started = time.monotonic()
            done = self._deliver(messages)
            if done:
                self._delete(done)
            self._monitor.batch_done(
                self._function_name,
                size=len(messages),
                failed=len(messages) - len(done),
                seconds=time.monotonic() - started,
            )
        return len(messages)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self.poll()
                failures = 0
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    self._monitor.trouble(self._function_name, f"can't poll its queue: {error}")
                self._stopping.wait(self._backoff.delay(failures))
            except Exception:
                # A fault in this module must not end the worker: the messages are still on the queue.
                failures += 1
                _log.exception("%s: a poll failed", self._function_name)
                self._stopping.wait(self._backoff.delay(failures))

    def _deliver(self, messages: Sequence[MessageTypeDef]) -> list[MessageTypeDef]:
        event = {"Records": [to_record(message, arn=self._queue_arn, region=self._region) for message in messages]}
        sent = {message["MessageId"] for message in messages}
        try:
            response = self._handler(event, make_context(self._function_name, timeout_seconds=WORKER_TIMEOUT_SECONDS))
            failed = failed_identifiers(response, sent)
        except Exception:
            _log.exception("%s: the whole batch failed", self._function_name)
            return []
        return [message for message in messages if message["MessageId"] not in failed]

    def _delete(self, messages: Sequence[MessageTypeDef]) -> None:
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ],
        )
        for failure in answer.get("Failed", []):
            # It comes again, and the worker is made for that.
            _log.warning("%s: a message was not deleted: %s", self._function_name, failure)


def to_record(message: MessageTypeDef, *, arn: str, region: str) -> Event:
    """Turn a message as ReceiveMessage returns it into a record of Lambda's SQS event."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": _message_attributes(message.get("MessageAttributes", {})),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _message_attributes(attributes: Mapping[str, MessageAttributeValueOutputTypeDef]) -> dict[str, Any]:
    shaped: dict[str, Any] = {}
    for name, attribute in attributes.items():
        shaped[name] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
        if "StringValue" in attribute:
            shaped[name]["stringValue"] = attribute["StringValue"]
        if "BinaryValue" in attribute:
            shaped[name]["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode("ascii")
    return shaped
