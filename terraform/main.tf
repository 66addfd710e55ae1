locals {
  prefix = "appointments-${var.environment}"

  # API Gateway waits no longer.
  api_timeout_seconds    = 29
  worker_timeout_seconds = 30

  # Two documents of the issuer's, each within 3 s, and a cold start: then it says by itself what is wrong.
  authorizer_timeout_seconds = 10

  # After this Lambda gives a stream record up. It stays well above the age at which the handler itself keeps a failing
  # record as a dead letter, since what Lambda puts there has no content; and well below the stream's 24 hours, in
  # which the record can still be read from there.
  stream_record_age_seconds = 6 * 3600

  build_directory = startswith(var.build_directory, "/") ? var.build_directory : "${path.root}/${var.build_directory}"

  # The present key and the one before.
  cursor_key_versions = [for version in [var.cursor_key_version, var.cursor_key_version - 1] : tostring(version)]

  # What the package was built for. It holds compiled wheels, which load on nothing else.
  package = jsondecode(file("${local.build_directory}/package.json"))
}

# The keys that seal the cursors of listings. Terraform makes each once, and nobody needs to know it: 244 random bits,
# kept in the state. The present one seals; the one before still opens what it has sealed.
resource "terraform_data" "cursor_key" {
  for_each = toset(local.cursor_key_versions)

  input = sensitive("${uuid()}${uuid()}")

  lifecycle {
    # They would be others at each plan.
    ignore_changes = [input]
  }
}

# A deployment without an issuer is sound, and of no use yet: it says so, and goes on.
check "somebody_gets_in" {
  assert {
    condition     = var.token_issuer != ""
    error_message = "There is no token_issuer, so nobody gets in: all but /health, /docs and /openapi.json answers 401. docs/deployment.md, Authentication, says how to set one."
  }
}

module "table" {
  source = "./modules/table"

  name                = local.prefix
  deletion_protection = var.deletion_protection
  kms_key_arn         = var.kms_key_arn
}

module "queue" {
  source = "./modules/queue"

  prefix                 = local.prefix
  worker_timeout_seconds = local.worker_timeout_seconds
  max_receive_count      = var.booking_max_receives
  kms_key_arn            = var.kms_key_arn
}

module "functions" {
  source = "./modules/functions"

  prefix                          = local.prefix
  package_file                    = "${local.build_directory}/deployment.zip"
  runtime                         = local.package.runtime
  architecture                    = local.package.architecture
  memory_mb                       = var.memory_mb
  api_timeout_seconds             = local.api_timeout_seconds
  worker_timeout_seconds          = local.worker_timeout_seconds
  authorizer_timeout_seconds      = local.authorizer_timeout_seconds
  api_reserved_concurrency        = var.api_reserved_concurrency
  authorizer_reserved_concurrency = var.authorizer_reserved_concurrency
  log_retention_days              = var.log_retention_days
  kms_key_arn                     = var.kms_key_arn
  table                           = module.table.table
  queues                          = module.queue.queues

  # The settings of chalicelib/bootstrap.py; AWS_REGION is set by Lambda.
  environment_variables = {
    TABLE_NAME                       = module.table.table.name
    BOOKING_QUEUE_URL                = module.queue.queues.bookings.url
    BOOKING_DEAD_LETTER_QUEUE_URL    = module.queue.queues.bookings_dead_letters.url
    EXPIRATION_DEAD_LETTER_QUEUE_URL = module.queue.queues.expirations_dead_letters.url
    CURSOR_KEYS                      = sensitive(join(",", [for version in local.cursor_key_versions : terraform_data.cursor_key[version].output]))
    CORS_ORIGINS                     = join(",", var.cors_origins)
    HOLD_SECONDS                     = var.hold_seconds
    MAX_ACTIVE_HOLDS                 = var.max_active_holds
    BOOKING_MAX_RECEIVES             = var.booking_max_receives
    EXPIRATION_MAX_AGE_SECONDS       = var.expiration_max_age_seconds
    LOG_LEVEL                        = var.log_level
  }

  authorizer_environment_variables = {
    TOKEN_ISSUER   = var.token_issuer
    TOKEN_AUDIENCE = var.token_audience
    ROLE_CLAIM     = var.role_claim
    LOG_LEVEL      = var.log_level
  }
}

module "event_sources" {
  source = "./modules/event_sources"

  process_bookings_arn      = module.functions.live["process-bookings"].arn
  expire_bookings_arn       = module.functions.live["expire-bookings"].arn
  booking_queue_arn         = module.queue.queues.bookings.arn
  booking_concurrency       = var.booking_concurrency
  stream_arn                = module.table.table.stream_arn
  stream_record_age_seconds = local.stream_record_age_seconds
  stream_dead_letters_arn   = module.queue.queues.expirations_dead_letters.arn
}

module "api" {
  source = "./modules/api"

  name                 = local.prefix
  stage                = var.environment
  body_file            = "${local.build_directory}/api.json"
  function             = module.functions.live["api"]
  authorizer           = module.functions.live["authorize"]
  cors_origins         = var.cors_origins
  throttle_rate_limit  = var.throttle_rate_limit
  throttle_burst_limit = var.throttle_burst_limit
  route_throttles      = var.route_throttles
  web_acl_arn          = var.web_acl_arn
  log_retention_days   = var.log_retention_days
  kms_key_arn          = var.kms_key_arn
}

module "monitoring" {
  source = "./modules/monitoring"

  prefix                     = local.prefix
  region                     = var.region
  table                      = module.table.table
  queues                     = module.queue.queues
  functions                  = module.functions.functions
  hold_seconds               = var.hold_seconds
  expiration_max_age_seconds = var.expiration_max_age_seconds
  alarm_actions              = var.alarm_actions

  # By name, so that monitoring can be made without the API.
  api = {
    name  = local.prefix
    stage = var.environment
  }
}
