"""The Chalice application: the routes, and the entry points of the two workers."""

from chalice.app import Chalice, DynamoDBEvent, SQSEvent

from chalicelib.bootstrap import application
from chalicelib.handlers import register_routes
from chalicelib.workers.batch import BatchResponse

app = Chalice(app_name="appointments", configure_logs=False)
register_routes(app, lambda: application().services)


# Terraform makes the event source mappings: what Chalice asks for here only declares that there are some.
@app.on_sqs_message(queue="appointments-bookings", batch_size=10)
def process_bookings(event: SQSEvent) -> BatchResponse:
    """Create the bookings of held slots."""
    return application().process_bookings(event.to_dict())


@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:*:*:table/appointments/stream/*", batch_size=100)
def expire_bookings(event: DynamoDBEvent) -> BatchResponse:
    """Expire the bookings whose triggers TTL has removed."""
    return application().expire_bookings(event.to_dict())
