resource "aws_lambda_event_source_mapping" "bookings" {
  event_source_arn = var.booking_queue_arn
  function_name    = var.process_bookings_arn
  batch_size       = 10

  # Without, one failing message would have the whole batch delivered again.
  function_response_types = ["ReportBatchItemFailures"]

  # Here and not by reserved concurrency, which would throttle, and use up the receives of messages nobody has seen.
  scaling_config {
    maximum_concurrency = var.booking_concurrency
  }
}

resource "aws_lambda_event_source_mapping" "expirations" {
  event_source_arn = var.stream_arn
  function_name    = var.expire_bookings_arn
  batch_size       = 100

  # From LATEST, what expires while the mapping is made would be missed.
  starting_position = "TRIM_HORIZON"

  function_response_types = ["ReportBatchItemFailures"]

  # Lambda's defaults are to retry for ever and not to bisect: one bad record would hold up its shard for a day. The
  # retries are as many as can be set, so that it is the age that ends them: the handler keeps a failing record whole
  # before that, where Lambda's own description of it has no content.
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 10000
  maximum_record_age_in_seconds  = var.stream_record_age_seconds

  destination_config {
    on_failure {
      destination_arn = var.stream_dead_letters_arn
    }
  }

  # Only triggers that TTL removed: an item that was deleted by a request carries no identity, and TTL removes what
  # remembers idempotency keys, too.
  filter_criteria {
    filter {
      pattern = jsonencode({
        eventName = ["REMOVE"]
        dynamodb = {
          Keys = { SK = { S = ["EXPIRATION_TRIGGER"] } }
        }
        userIdentity = {
          type        = ["Service"]
          principalId = ["dynamodb.amazonaws.com"]
        }
      })
    }
  }
}
