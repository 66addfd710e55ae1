mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  process_bookings_arn      = "arn:aws:lambda:us-east-1:123456789012:function:process:live"
  expire_bookings_arn       = "arn:aws:lambda:us-east-1:123456789012:function:expire:live"
  booking_queue_arn         = "arn:aws:sqs:us-east-1:123456789012:bookings"
  booking_concurrency       = 33
  stream_arn                = "arn:aws:dynamodb:us-east-1:123456789012:table/test/stream/1"
  stream_record_age_seconds = 77
  stream_dead_letters_arn   = "arn:aws:sqs:us-east-1:123456789012:expirations-dlq"
}

run "each_source_feeds_its_own_function" {
  module {
    source = "./modules/event_sources"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.bookings.event_source_arn == var.booking_queue_arn && aws_lambda_event_source_mapping.bookings.function_name == var.process_bookings_arn
    error_message = "The queue must feed the function that processes bookings."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.expirations.event_source_arn == var.stream_arn && aws_lambda_event_source_mapping.expirations.function_name == var.expire_bookings_arn
    error_message = "The stream must feed the function that expires bookings."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.expirations.destination_config[0].on_failure[0].destination_arn == var.stream_dead_letters_arn
    error_message = "What Lambda gives up must be told to the stream's dead-letter queue."
  }
}
