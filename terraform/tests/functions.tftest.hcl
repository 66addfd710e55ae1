mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                          = "test"
  package_file                    = "tests/package/deployment.zip"
  runtime                         = "python3.11"
  architecture                    = "x86_64"
  memory_mb                       = 256
  api_timeout_seconds             = 11
  worker_timeout_seconds          = 13
  authorizer_timeout_seconds      = 15
  api_reserved_concurrency        = 17
  authorizer_reserved_concurrency = 19
  log_retention_days              = 7
  kms_key_arn                     = null
  environment_variables           = { CURSOR_KEYS = "secret" }

  authorizer_environment_variables = {
    TOKEN_ISSUER   = "https://issuer.example.org"
    TOKEN_AUDIENCE = "test"
  }

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

run "what_a_request_starts_reserves_concurrency" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition     = { for key, function in aws_lambda_function.this : key => function.reserved_concurrent_executions if function.reserved_concurrent_executions != -1 } == { api = 17, authorize = 19 }
    error_message = "The workers must be limited by their event sources."
  }

  assert {
    condition     = { for key, function in aws_lambda_function.this : key => function.timeout } == { api = 11, authorize = 15, process-bookings = 13, expire-bookings = 13 }
    error_message = "The API, the authorizer and the workers must have their own time-outs."
  }
}

run "each_role_is_its_functions_own" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition = alltrue([
      for key, function in aws_lambda_function.this :
      function.role == aws_iam_role.this[key].arn && aws_iam_role_policy.telemetry[key].role == aws_iam_role.this[key].id
    ])
    error_message = "Each function must have a role, and each role its telemetry."
  }

  assert {
    condition     = { for key, policy in aws_iam_role_policy.grants : key => policy.role } == { for key in ["api", "process-bookings", "expire-bookings"] : key => aws_iam_role.this[key].id }
    error_message = "Each function but the authorizer must have grants, and they must be its own role's."
  }

  assert {
    condition     = length(aws_iam_role_policy.key) == 0 && alltrue([for function in aws_lambda_function.this : function.kms_key_arn == null])
    error_message = "Without a key of one's own, nobody must be allowed to use one."
  }

  assert {
    condition     = length(distinct([for role in aws_iam_role.this : role.name])) == 4
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

run "the_authorizer_has_settings_of_its_own" {
  module {
    source = "./modules/functions"
  }

  assert {
    condition = { for key, function in aws_lambda_function.this : key => join(" ", keys(function.environment[0].variables)) } == {
      api              = "CURSOR_KEYS"
      authorize        = "TOKEN_AUDIENCE TOKEN_ISSUER"
      process-bookings = "CURSOR_KEYS"
      expire-bookings  = "CURSOR_KEYS"
    }
    error_message = "The authorizer must have its own settings, and no secret of the others."
  }
}

run "an_issuer_without_an_audience_is_refused" {
  command = plan

  module {
    source = "./modules/functions"
  }

  variables {
    authorizer_environment_variables = {
      TOKEN_ISSUER   = "https://issuer.example.org"
      TOKEN_AUDIENCE = ""
    }
  }

  expect_failures = [var.authorizer_environment_variables]
}

run "an_audience_may_wait_for_its_issuer" {
  command = plan

  module {
    source = "./modules/functions"
  }

  variables {
    authorizer_environment_variables = {
      TOKEN_ISSUER   = ""
      TOKEN_AUDIENCE = "test"
    }
  }
}

run "a_key_encrypts_and_each_role_may_use_it" {
  module {
    source = "./modules/functions"
  }

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = alltrue(concat([for function in aws_lambda_function.this : function.kms_key_arn == var.kms_key_arn], [for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.kms_key_arn]))
    error_message = "The key must encrypt every function's environment and logs."
  }

  assert {
    condition = { for key, document in data.aws_iam_policy_document.key : key => document.statement[0].actions } == {
      api              = toset(["kms:Decrypt", "kms:GenerateDataKey"])
      authorize        = toset(["kms:Decrypt"])
      process-bookings = toset(["kms:Decrypt", "kms:GenerateDataKey"])
      expire-bookings  = toset(["kms:Decrypt", "kms:GenerateDataKey"])
    }
    error_message = "The authorizer must only read its environment, and the others read and write."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.key : document.statement[0].resources == toset([var.kms_key_arn])])
    error_message = "Only that key may be used."
  }

  assert {
    condition     = { for key, policy in aws_iam_role_policy.key : key => policy.role } == { for key, role in aws_iam_role.this : key => role.id }
    error_message = "Each role must have the policy that is made for it."
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
