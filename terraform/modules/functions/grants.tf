# Each function has a role with exactly the actions that its code uses, on exactly its resources. A transaction has no
# action of its own: DynamoDB asks for the ones of the writes that are in it. The authorizer uses nothing of AWS's: it has
# telemetry, as all have, and no grants.
locals {
  grants = {
    api              = data.aws_iam_policy_document.api.json
    process-bookings = data.aws_iam_policy_document.process_bookings.json
    expire-bookings  = data.aws_iam_policy_document.expire_bookings.json
  }

  # Those that have the key to use, if there is one of one's own.
  keyed = var.kms_key_arn == null ? {} : local.functions
}

data "aws_iam_policy_document" "api" {
  statement {
    sid = "Table"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]
    resources = [var.table.arn]
  }

  statement {
    sid       = "Listings"
    actions   = ["dynamodb:Query"]
    resources = [for name in var.table.index_names : "${var.table.arn}/index/${name}"]
  }

  # The attributes tell whether the queue is there, for /health/ready.
  statement {
    sid       = "BookingQueue"
    actions   = ["sqs:GetQueueAttributes", "sqs:SendMessage"]
    resources = [var.queues.bookings.arn]
  }
}

data "aws_iam_policy_document" "process_bookings" {
  statement {
    sid       = "Table"
    actions   = ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"]
    resources = [var.table.arn]
  }

  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [var.queues.bookings_dead_letters.arn]
  }

  # Lambda's own, for the event source.
  statement {
    sid       = "EventSource"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [var.queues.bookings.arn]
  }
}

data "aws_iam_policy_document" "expire_bookings" {
  statement {
    sid       = "Table"
    actions   = ["dynamodb:UpdateItem"]
    resources = [var.table.arn]
  }

  # The handler's dead letters, and those of the event source.
  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [var.queues.expirations_dead_letters.arn]
  }

  # Lambda's own, for the event source.
  statement {
    sid = "EventSource"
    actions = [
      "dynamodb:DescribeStream",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
    ]
    resources = [var.table.stream_arn]
  }
}

# Each reads its own environment. The others also read the table, the stream and the queues, and write to queues.
data "aws_iam_policy_document" "key" {
  for_each = local.keyed

  statement {
    sid       = "Key"
    actions   = contains(keys(local.grants), each.key) ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "telemetry" {
  #checkov:skip=CKV_AWS_111:X-Ray's actions know no resources
  #checkov:skip=CKV_AWS_356:X-Ray's actions know no resources
  for_each = local.functions

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
  }

  statement {
    sid       = "Traces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "assumed_by_lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.functions

  name               = "${var.prefix}-${each.key}"
  description        = "What the function ${var.prefix}-${each.key} may do"
  assume_role_policy = data.aws_iam_policy_document.assumed_by_lambda.json
}

resource "aws_iam_role_policy" "grants" {
  for_each = local.grants

  name   = "grants"
  role   = aws_iam_role.this[each.key].id
  policy = each.value
}

resource "aws_iam_role_policy" "key" {
  for_each = local.keyed

  name   = "key"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.key[each.key].json
}

resource "aws_iam_role_policy" "telemetry" {
  for_each = local.functions

  name   = "telemetry"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.telemetry[each.key].json
}
