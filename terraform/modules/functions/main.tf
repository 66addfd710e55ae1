# One package, three functions. What differs between them stands here; what each may do, in grants.tf.
locals {
  functions = {
    api = {
      description          = "Serves the HTTP API"
      handler              = "app.app"
      timeout              = var.api_timeout_seconds
      reserved_concurrency = var.api_reserved_concurrency
      grants               = data.aws_iam_policy_document.api.json
    }
    process-bookings = {
      description          = "Creates the bookings of held slots, from the queue"
      handler              = "app.process_bookings"
      timeout              = var.worker_timeout_seconds
      reserved_concurrency = -1 # the event source limits it, without throttling
      grants               = data.aws_iam_policy_document.process_bookings.json
    }
    expire-bookings = {
      description          = "Expires the bookings whose holds have ended, from the table's stream"
      handler              = "app.expire_bookings"
      timeout              = var.worker_timeout_seconds
      reserved_concurrency = -1 # one batch at a time for each shard
      grants               = data.aws_iam_policy_document.expire_bookings.json
    }
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: Python from 3.12 on.
  snap_start = var.runtime != "python3.11"
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:the API's is a variable; the workers are limited by their event sources, which does not throttle
  #checkov:skip=CKV_AWS_116:nothing calls these functions asynchronously; the event sources have dead-letter queues of their own
  #checkov:skip=CKV_AWS_117:they call DynamoDB and SQS only, whose endpoints are public; a VPC would add cost and cold starts
  #checkov:skip=CKV_AWS_173:Lambda encrypts the environment with its own key; its one secret seals places in listings, and opens nothing else
  #checkov:skip=CKV_AWS_272:the package is deployed from where it is built; signing it there would prove nothing more
  for_each = local.functions

  function_name                  = "${var.prefix}-${each.key}"
  description                    = each.value.description
  role                           = aws_iam_role.this[each.key].arn
  handler                        = each.value.handler
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  filename                       = var.package_file
  source_code_hash               = filebase64sha256(var.package_file)
  memory_size                    = var.memory_mb
  timeout                        = each.value.timeout
  reserved_concurrent_executions = each.value.reserved_concurrency
  publish                        = true

  environment {
    variables = var.environment_variables
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "snap_start" {
    for_each = local.snap_start ? ["PublishedVersions"] : []

    content {
      apply_on = snap_start.value
    }
  }

  # Lambda would make the log group itself at the first call, with no end to its retention.
  depends_on = [aws_cloudwatch_log_group.this]
}

# All callers name the alias, so that pointing it at an earlier version is a rollback of everything.
resource "aws_lambda_alias" "live" {
  for_each = aws_lambda_function.this

  name             = "live"
  description      = "What callers and event sources use"
  function_name    = each.value.function_name
  function_version = each.value.version
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key, and these hold ids but no personal data
  #checkov:skip=CKV_AWS_338:how long logs are kept is a variable; prod keeps them for a year
  for_each = local.functions

  name              = "/aws/lambda/${var.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
}
