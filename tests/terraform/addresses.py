"""Where resources stand in a plan."""

TABLE = "module.table.aws_dynamodb_table.this"
BOOKINGS = "module.queue.aws_sqs_queue.bookings"
BOOKINGS_DEAD_LETTERS = "module.queue.aws_sqs_queue.bookings_dead_letters"
EXPIRATIONS_DEAD_LETTERS = "module.queue.aws_sqs_queue.expirations_dead_letters"
BOOKINGS_MAPPING = "module.event_sources.aws_lambda_event_source_mapping.bookings"
EXPIRATIONS_MAPPING = "module.event_sources.aws_lambda_event_source_mapping.expirations"
STAGE = "module.api.aws_api_gateway_stage.this"
AUTHORIZER = "authorize"
ON_DATA = ("api", "process-bookings", "expire-bookings")
"""The functions that have to do with the table and the queues."""
FUNCTIONS = (*ON_DATA, AUTHORIZER)


def function(name: str) -> str:
    """The address of a function."""
    return f'module.functions.aws_lambda_function.this["{name}"]'


def alias(name: str) -> str:
    """The address of a function's alias."""
    return f'module.functions.aws_lambda_alias.live["{name}"]'
