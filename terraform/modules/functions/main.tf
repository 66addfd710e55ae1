# One package, four functions. What differs between them stands here; what each may do, in grants.tf.
locals {
  functions = {
    api = {
      description          = "Serves the HTTP API"
      handler              = "app.app"
      timeout              = var.api_timeout_seconds
      reserved_concurrency = var.api_reserved_concurrency
      environment          = var.environment_variables
    }
    authorize = {
      description          = "Tells API Gateway who calls, by the request's token"
      handler              = "app.authorize"
      timeout              = var.authorizer_timeout_seconds
      reserved_concurrency = var.authorizer_reserved_concurrency
      environment          = var.authorizer_environment_variables
    }
    process-bookings = {
      description          = "Creates the bookings of held slots, from the queue"
      handler              = "app.process_bookings"
      timeout              = var.worker_timeout_seconds
      reserved_concurrency = -1 # the event source limits it, without throttling
      environment          = var.environment_variables
    }
    expire-bookings = {
      description          = "Expires the bookings whose holds have ended, from the table's stream"
      handler              = "app.expire_bookings"
      timeout              = var.worker_timeout_seconds
      reserved_concurrency = -1 # one batch at a time for each shard
      environment          = var.environment_variables
    }
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: Python from 3.12 on.
  snap_start = var.runtime != "python3.11"
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:those of the API and the authorizer are variables; the workers are limited by their event sources, which does not throttle
  #checkov:skip=CKV_AWS_116:nothing calls these functions asynchronously; the event sources have dead-letter queues of their own
  #checkov:skip=CKV_AWS_117:they call DynamoDB, SQS and the tokens' issuer only, whose endpoints are public; a VPC would add cost and cold starts
  #checkov:skip=CKV_AWS_173:the key is a variable; without one, Lambda encrypts with its own
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
  kms_key_arn                    = var.kms_key_arn
  publish                        = true

  environment {
    variables = each.value.environment
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

  # Lambda would make the log group itself at the first call, with no end to its retention; and it reads the environment
  # as the role, which must be allowed to by then.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.key]
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
  #checkov:skip=CKV_AWS_158:the key is a variable; without one, CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338:how long logs are kept is a variable; prod keeps them for a year
  for_each = local.functions

  name              = "/aws/lambda/${var.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
