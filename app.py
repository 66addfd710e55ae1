"""The Chalice application: the routes, and the entry points of the authorizer and the two workers.

Each is a Lambda function of its own, which loads what it needs and no more: what it needs is imported where it is used
(PLC0415), and connected at the end of this module. Where this is no function, nothing is connected before it is called.
"""

import gc
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from chalice.app import AuthRequest, AuthResponse, Chalice, DynamoDBEvent, SQSEvent

from chalicelib.settings import SettingsError, authentication_is_off

if TYPE_CHECKING:
    from chalicelib.workers.batch import BatchResponse

app = Chalice(app_name="appointments", configure_logs=False)

_HANDLER = os.environ.get("_HANDLER")
"""The entry point that this function is, as Lambda names it; None where this is no function."""


@app.authorizer()
def authorize(request: AuthRequest) -> AuthResponse:
    """Tell the gateway who calls."""
    from chalicelib.gatekeeper import authorizer  # noqa: PLC0415

    return authorizer()(request)


# Terraform makes the event source mappings: what Chalice asks for here only declares that there are some.
@app.on_sqs_message(queue="appointments-bookings", batch_size=10)
def process_bookings(event: SQSEvent) -> "BatchResponse":
    """Create the bookings of held slots."""
    from chalicelib.bootstrap import application  # noqa: PLC0415

    return application().process_bookings(event.to_dict())


@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:*:*:table/appointments/stream/*", batch_size=100)
def expire_bookings(event: DynamoDBEvent) -> "BatchResponse":
    """Expire the bookings whose triggers TTL has removed."""
    from chalicelib.bootstrap import application  # noqa: PLC0415

    return application().expire_bookings(event.to_dict())


def _declare_routes() -> None:
    from chalicelib.bootstrap import application  # noqa: PLC0415
    from chalicelib.handlers import register_routes  # noqa: PLC0415

    # Which routes have an authorizer, Chalice must know when they are declared.
    register_routes(
        app, lambda: application().services, authorizer=None if authentication_is_off(os.environ) else authorize
    )


def _connect() -> None:
    """Build what the entry point calls. If settings are wrong, the first event is told."""
    with suppress(SettingsError):
        if _HANDLER == "app.authorize":
            from chalicelib.gatekeeper import authorizer  # noqa: PLC0415

            authorizer()
        else:
            from chalicelib.bootstrap import application  # noqa: PLC0415

            application()


# While a function initialises, it has more of the processor than at its first event, and SnapStart keeps what it has by
# then. What is loaded stays: the garbage collector would look through it, over and over, and find nothing.
gc.disable()
if _HANDLER in {None, "app.app"}:
    _declare_routes()
if _HANDLER:
    _connect()
gc.freeze()
gc.enable()
