mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                   = "test"
  package_file             = "tests/package/deployment.zip"
  runtime                  = "python3.11"
  architecture             = "x86_64"
  memory_mb                = 256
  api_timeout_seconds      = 11
  worker_timeout_seconds   = 13
  api_reserved_concurrency = 17
  log_retention_days       = 7
  environment_variables    = {}

  table = {
    arn         = "the-table"
    stream_arn  = "the-stream"
    index_names = ["the-first", "the-second"]
  }

  queues = {
    bookings                 = { arn = "the-bookings" }
    bookings_dead_letters    = { arn = "the-bookings-dlq" }
    expirations_dead_letters = { arn = "the-expirations-dlq" }
  }
}

run "a_python_without_snapstart_gets_none" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(function.snap_start) == 0])
    error_message = "Lambda refuses SnapStart for Python 3.11."
  }
}

run "a_python_with_snapstart_uses_it" {
  module {
    source = "./modules/functions"
  }

  variables {
    runtime = "python3.12"
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.snap_start[0].apply_on == "PublishedVersions"])
    error_message = "All functions must use SnapStart from Python 3.12 on."
  }
}

run "the_alias_names_the_version_just_published" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition = alltrue([
      for key, alias in aws_lambda_alias.live :
      alias.function_version == aws_lambda_function.this[key].version && alias.function_name == aws_lambda_function.this[key].function_name
    ])
    error_message = "Each alias must point at the published version of its own function."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.publish])
    error_message = "Each change must be published as a version, to have something to roll back to."
  }
}

run "only_the_api_reserves_concurrency" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition     = { for key, function in aws_lambda_function.this : key => function.reserved_concurrent_executions if function.reserved_concurrent_executions != -1 } == { api = 17 }
    error_message = "The workers must be limited by their event sources."
  }

  assert {
    condition     = { for key, function in aws_lambda_function.this : key => function.timeout } == { api = 11, process-bookings = 13, expire-bookings = 13 }
    error_message = "The API and the workers must have their own time-outs."
  }
}

run "each_role_is_its_functions_own" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition = alltrue([
      for key, function in aws_lambda_function.this :
      function.role == aws_iam_role.this[key].arn && aws_iam_role_policy.grants[key].role == aws_iam_role.this[key].id && aws_iam_role_policy.telemetry[key].role == aws_iam_role.this[key].id
    ])
    error_message = "Each function must have a role, and each role its policies."
  }

  assert {
    condition     = length(distinct([for role in aws_iam_role.this : role.name])) == 3
    error_message = "No two functions may share a role."
  }

  assert {
    condition = alltrue([
      for key, document in data.aws_iam_policy_document.telemetry :
      document.statement[0].resources == toset(["${aws_cloudwatch_log_group.this[key].arn}:*"])
    ])
    error_message = "A function may write to its own log group only."
  }
}

run "a_package_for_something_else_is_refused" {
  command = plan

  module {
    source = "./modules/functions"
  }

  variables {
    runtime      = "python3.10"
    architecture = "arm64"
  }

  expect_failures = [var.runtime, var.architecture]
}
