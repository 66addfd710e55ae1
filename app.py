"""The Chalice application: the routes, and the entry points of the authorizer and the two workers."""

import os

from chalice.app import AuthRequest, AuthResponse, Chalice, DynamoDBEvent, SQSEvent

from chalicelib.bootstrap import application, authentication_is_off, authorizer
from chalicelib.handlers import register_routes
from chalicelib.workers.batch import BatchResponse

app = Chalice(app_name="appointments", configure_logs=False)


@app.authorizer()
def authorize(request: AuthRequest) -> AuthResponse:
    """Tell the gateway who calls."""
    return authorizer()(request)


# Which routes have an authorizer, Chalice must know when they are declared.
register_routes(
    app, lambda: application().services, authorizer=None if authentication_is_off(os.environ) else authorize
)


# Terraform makes the event source mappings: what Chalice asks for here only declares that there are some.
@app.on_sqs_message(queue="appointments-bookings", batch_size=10)
def process_bookings(event: SQSEvent) -> BatchResponse:
    """Create the bookings of held slots."""
    return application().process_bookings(event.to_dict())


@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:*:*:table/appointments/stream/*", batch_size=100)
def expire_bookings(event: DynamoDBEvent) -> BatchResponse:
    """Expire the bookings whose triggers TTL has removed."""
    return application().expire_bookings(event.to_dict())
