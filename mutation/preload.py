"""What every run imports and no mutant changes: imported once, in the process that all runs are forked from.

To import it is all that it is for, so nothing here is used (F401).
"""

import boto3  # noqa: F401
import botocore.stub  # noqa: F401
import chalice.test  # noqa: F401
import coverage  # noqa: F401
import greenlet  # noqa: F401
import httpx  # noqa: F401
import hypothesis  # noqa: F401
import icalendar  # noqa: F401
import jsonschema  # noqa: F401
import jwt  # noqa: F401
import lark  # noqa: F401
import localstack_client.session  # noqa: F401
import moto.dynamodb
import moto.sqs  # noqa: F401
import openapi_spec_validator  # noqa: F401
import pydantic.main  # noqa: F401
import pytest  # noqa: F401
import pythonjsonlogger.json  # noqa: F401
import rich.progress  # noqa: F401
import vobject  # noqa: F401
