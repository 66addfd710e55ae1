environment = "prod"
region      = "us-east-1"

memory_mb = 1024

# At the rate limit and 100 ms a request, 50 run at once. AWS lets an account reserve only what leaves 100 to others. What
# all of this may cost at most is in docs/deployment.md.
api_reserved_concurrency        = 100
authorizer_reserved_concurrency = 50
throttle_rate_limit             = 500
throttle_burst_limit            = 1000

route_throttles = {
  "POST /bookings"                            = { rate = 100, burst = 200 }
  "POST /providers/{providerId}/availability" = { rate = 5, burst = 20 }
}

# Who gets in: without an issuer, nobody. The audience is the name that its tokens have for this API.
token_issuer   = ""
token_audience = ""
role_claim     = "role"
cors_origins   = []

web_acl_arn = null
kms_key_arn = null

booking_concurrency        = 20
booking_max_receives       = 5
hold_seconds               = 300
max_active_holds           = 5
expiration_max_age_seconds = 3600

cursor_key_version = 1

log_level          = "INFO"
log_retention_days = 365

deletion_protection = true

# Who is told: without, alarms show on the dashboard only.
alarm_actions = []
