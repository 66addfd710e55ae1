"""The Chalice application: the routes, and the entry points of the authorizer and the two workers.

Each is a Lambda function of its own, which loads what it needs and no more: what it needs is imported where it is used
(PLC0415), and loaded at the end of this module. Elsewhere, all of it is loaded.
"""

import gc
import os
from importlib import import_module
from typing import TYPE_CHECKING

from chalice.app import AuthRequest, AuthResponse, Chalice, DynamoDBEvent, SQSEvent

if TYPE_CHECKING:
    from chalicelib.workers.batch import BatchResponse

app = Chalice(app_name="appointments", configure_logs=False)

_HANDLER = os.environ.get("_HANDLER", "app.app")
"""The entry point that this function is, as Lambda names it."""


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
    from chalicelib.settings import authentication_is_off  # noqa: PLC0415

    # Which routes have an authorizer, Chalice must know when they are declared.
    register_routes(
        app, lambda: application().services, authorizer=None if authentication_is_off(os.environ) else authorize
    )


# While a function initialises, it has more of the processor than at its first event. What is loaded stays: the garbage
# collector would look through it, over and over, and find nothing.
gc.disable()
match _HANDLER:
    case "app.app":
        _declare_routes()
    case "app.authorize":
        import_module("chalicelib.gatekeeper")
    case _:
        import_module("chalicelib.bootstrap")
gc.freeze()
gc.enable()
