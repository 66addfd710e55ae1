# What variables must not be, and what they may just be. Each bad value must be refused by its own variable's rule.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment     = "test"
  build_directory = "tests/package"
  token_issuer    = "https://issuer.example.org"
  token_audience  = "test"
}

run "too_little_is_refused" {
  command = plan

  variables {
    environment                     = "a"
    memory_mb                       = 127
    api_reserved_concurrency        = 0
    authorizer_reserved_concurrency = 0
    route_throttles                 = { "POST /bookings" = { rate = 0, burst = 1 } }
    role_claim                      = ""
    booking_concurrency             = 1
    booking_max_receives            = 4
    hold_seconds                    = 0
    max_active_holds                = 0
    expiration_max_age_seconds      = 59
    cursor_key_version              = 0
    log_retention_days              = 0
    throttle_rate_limit             = 0
    throttle_burst_limit            = 0
  }

  expect_failures = [
    var.environment,
    var.memory_mb,
    var.api_reserved_concurrency,
    var.authorizer_reserved_concurrency,
    var.route_throttles,
    var.role_claim,
    var.booking_concurrency,
    var.booking_max_receives,
    var.hold_seconds,
    var.max_active_holds,
    var.expiration_max_age_seconds,
    var.cursor_key_version,
    var.log_retention_days,
    var.throttle_rate_limit,
    var.throttle_burst_limit,
  ]
}

run "too_much_is_refused" {
  command = plan

  variables {
    environment                = "seventeen-letters"
    memory_mb                  = 10241
    booking_concurrency        = 1001
    booking_max_receives       = 1001
    hold_seconds               = 86401
    max_active_holds           = 101
    expiration_max_age_seconds = 21600
    log_retention_days         = 3654
    throttle_rate_limit        = 10001
    throttle_burst_limit       = 5001
    route_throttles            = { "POST /bookings" = { rate = 10001, burst = 1 } }
  }

  expect_failures = [
    var.environment,
    var.memory_mb,
    var.booking_concurrency,
    var.booking_max_receives,
    var.hold_seconds,
    var.max_active_holds,
    var.expiration_max_age_seconds,
    var.log_retention_days,
    var.throttle_rate_limit,
    var.throttle_burst_limit,
    var.route_throttles,
  ]
}

run "fractions_are_refused" {
  command = plan

  variables {
    memory_mb                       = 512.5
    api_reserved_concurrency        = 1.5
    authorizer_reserved_concurrency = 1.5
    route_throttles                 = { "POST /bookings" = { rate = 1.5, burst = 1.5 } }
    booking_concurrency             = 2.5
    booking_max_receives            = 5.5
    hold_seconds                    = 1.5
    max_active_holds                = 1.5
    expiration_max_age_seconds      = 60.5
    cursor_key_version              = 1.5
    throttle_burst_limit            = 1.5
  }

  expect_failures = [
    var.memory_mb,
    var.api_reserved_concurrency,
    var.authorizer_reserved_concurrency,
    var.route_throttles,
    var.booking_concurrency,
    var.booking_max_receives,
    var.hold_seconds,
    var.max_active_holds,
    var.expiration_max_age_seconds,
    var.cursor_key_version,
    var.throttle_burst_limit,
  ]
}

run "what_is_not_known_is_refused" {
  command = plan

  variables {
    environment                     = "Prod"
    region                          = "Frankfurt"
    api_reserved_concurrency        = -2
    authorizer_reserved_concurrency = -2
    route_throttles                 = { "bookings" = { rate = 1, burst = 1 } }
    token_issuer                    = "issuer.example.org"
    role_claim                      = "a role"
    cors_origins                    = ["*"]
    web_acl_arn                     = "the-firewall"
    kms_key_arn                     = "the-key"
    log_level                       = "info"
    log_retention_days              = 2
    alarm_actions                   = ["on-call@example.com"]
  }

  expect_failures = [
    var.environment,
    var.region,
    var.api_reserved_concurrency,
    var.authorizer_reserved_concurrency,
    var.route_throttles,
    var.token_issuer,
    var.role_claim,
    var.cors_origins,
    var.web_acl_arn,
    var.kms_key_arn,
    var.log_level,
    var.log_retention_days,
    var.alarm_actions,
  ]
}

run "what_is_nearly_right_is_refused" {
  command = plan

  variables {
    environment     = "dev-"
    region          = "us-east"
    route_throttles = { "post /bookings" = { rate = 1, burst = 1 } }
    token_issuer    = "http://issuer.example.org"
    cors_origins    = ["https://one.example.org", "https://two.example.org/"]
    web_acl_arn     = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/test/1"
    kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:alias/test"
    log_level       = "TRACE"
    alarm_actions   = ["arn:aws:sns:us-east-1:123456789012:on-call", "on-call"]
  }

  expect_failures = [
    var.environment,
    var.region,
    var.route_throttles,
    var.token_issuer,
    var.cors_origins,
    var.web_acl_arn,
    var.kms_key_arn,
    var.log_level,
    var.alarm_actions,
  ]
}

run "a_name_begins_with_a_letter" {
  command = plan

  variables {
    environment = "1st"
  }

  expect_failures = [var.environment]
}

run "the_least_is_allowed" {
  command = plan

  variables {
    environment                     = "qa"
    log_level                       = "ERROR"
    memory_mb                       = 128
    api_reserved_concurrency        = 1
    authorizer_reserved_concurrency = 1
    route_throttles                 = {}
    role_claim                      = "r"
    cors_origins                    = []
    web_acl_arn                     = null
    kms_key_arn                     = null
    booking_concurrency             = 2
    booking_max_receives            = 5
    hold_seconds                    = 1
    max_active_holds                = 1
    expiration_max_age_seconds      = 60
    cursor_key_version              = 1
    log_retention_days              = 1
    throttle_rate_limit             = 1
    throttle_burst_limit            = 1
  }

  assert {
    condition     = output.function_names["api"] == "appointments-qa-api"
    error_message = "The least that is allowed must give a plan."
  }
}

run "the_most_is_allowed" {
  command = plan

  variables {
    environment                     = "sixteen-letters1"
    region                          = "ap-southeast-2"
    memory_mb                       = 10240
    booking_concurrency             = 1000
    booking_max_receives            = 1000
    hold_seconds                    = 86400
    max_active_holds                = 100
    expiration_max_age_seconds      = 21599
    log_level                       = "DEBUG"
    log_retention_days              = 3653
    throttle_rate_limit             = 10000
    throttle_burst_limit            = 5000
    api_reserved_concurrency        = -1
    authorizer_reserved_concurrency = -1
    route_throttles                 = { "POST /bookings" = { rate = 10000, burst = 5000 } }
    token_issuer                    = "https://issuer.example.org:8443/realms/the%20clinic/"
    role_claim                      = "https://example.org/claims/role"
    cors_origins                    = ["https://one.example.org", "https://two.example.org:8443"]
    web_acl_arn                     = "arn:aws-us-gov:wafv2:us-gov-east-1:123456789012:regional/webacl/test/11111111-2222-3333-4444-555555555555"
    kms_key_arn                     = "arn:aws:kms:us-east-1:123456789012:key/mrk-1111"
    alarm_actions                   = ["arn:aws:sns:ap-southeast-2:123456789012:on-call"]
  }

  assert {
    # Lambda takes no longer name.
    condition     = max([for name in values(output.function_names) : length(name)]...) <= 64
    error_message = "The longest environment must give names that AWS takes."
  }
}

run "an_issuer_is_no_bare_name" {
  command = plan

  variables {
    token_issuer = "https://issuer.example.org?tenant=1"
    cors_origins = ["http://one.example.org"]
  }

  expect_failures = [var.token_issuer, var.cors_origins]
}

run "without_an_issuer_it_is_said_that_nobody_gets_in" {
  command = plan

  variables {
    token_issuer   = ""
    token_audience = ""
  }

  expect_failures = [check.somebody_gets_in]
}
