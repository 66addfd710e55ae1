mock_provider "aws" {
  source = "./tests/mocks"
}

run "limits_follow_from_the_worker" {
  module {
    source = "./modules/queue"
  }

  variables {
    prefix                 = "test"
    worker_timeout_seconds = 7
    max_receive_count      = 9
    kms_key_arn            = null
  }

  assert {
    condition     = aws_sqs_queue.bookings.visibility_timeout_seconds == 42
    error_message = "A message must stay invisible for six times the worker's time-out."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.bookings.redrive_policy) == {
      deadLetterTargetArn = aws_sqs_queue.bookings_dead_letters.arn
      maxReceiveCount     = 9
    }
    error_message = "Bookings that can't be processed must move to their dead-letter queue."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_redrive_allow_policy.bookings_dead_letters.redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = [aws_sqs_queue.bookings.arn]
    }
    error_message = "Only the booking queue may use its dead-letter queue."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.expirations_dead_letters.redrive_allow_policy) == { redrivePermission = "denyAll" }
    error_message = "No queue may use the stream's dead-letter queue."
  }

  assert {
    condition     = aws_sqs_queue.bookings_dead_letters.message_retention_seconds > aws_sqs_queue.bookings.message_retention_seconds
    error_message = "A dead letter keeps its first date of sending, so it must be kept for longer than a message."
  }
}

run "a_key_encrypts_every_queue" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    prefix                 = "test"
    worker_timeout_seconds = 7
    max_receive_count      = 9
    kms_key_arn            = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.bookings, aws_sqs_queue.bookings_dead_letters, aws_sqs_queue.expirations_dead_letters] :
      queue.kms_master_key_id == var.kms_key_arn
    ])
    error_message = "The key must encrypt every queue."
  }
}
