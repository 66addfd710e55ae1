locals {
  fortnight_seconds = 14 * 24 * 3600

  # SQS takes one or the other.
  managed_by_sqs = var.kms_key_arn == null ? true : null
}

resource "aws_sqs_queue" "bookings" {
  name = "${var.prefix}-bookings"

  # Six times the worker's time-out, as Lambda asks for: a batch that Lambda has to hold back must not become visible
  # again while it waits.
  visibility_timeout_seconds = 6 * var.worker_timeout_seconds
  message_retention_seconds  = 4 * 24 * 3600
  sqs_managed_sse_enabled    = local.managed_by_sqs
  kms_master_key_id          = var.kms_key_arn

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.bookings_dead_letters.arn
    maxReceiveCount     = var.max_receive_count
  })
}

# Dead letters are kept for as long as SQS can, so that there is time to mend what made them.
resource "aws_sqs_queue" "bookings_dead_letters" {
  name                      = "${var.prefix}-bookings-dlq"
  message_retention_seconds = local.fortnight_seconds
  sqs_managed_sse_enabled   = local.managed_by_sqs
  kms_master_key_id         = var.kms_key_arn
}

resource "aws_sqs_queue_redrive_allow_policy" "bookings_dead_letters" {
  queue_url = aws_sqs_queue.bookings_dead_letters.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.bookings.arn]
  })
}

# Apart from the bookings': a stream record that is moved back to the queue of bookings would be a dead letter again.
resource "aws_sqs_queue" "expirations_dead_letters" {
  name                      = "${var.prefix}-expirations-dlq"
  message_retention_seconds = local.fortnight_seconds
  sqs_managed_sse_enabled   = local.managed_by_sqs
  kms_master_key_id         = var.kms_key_arn

  # The expiration handler and its event source send here; no queue does.
  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })
}
