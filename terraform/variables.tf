variable "environment" {
  description = "What this deployment is called, such as dev or prod. It is part of every name, so that several fit into one account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.environment))
    error_message = "The environment must be 2 to 16 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "region" {
  description = "The AWS region that everything is made in."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region's code, such as us-east-1."
  }
}

variable "build_directory" {
  description = "Where `make package` has put deployment.zip, package.json and api.json: an absolute path, or one relative to the root module."
  type        = string
  default     = "../build"
  nullable    = false
}

variable "memory_mb" {
  description = "Memory of each function in MB. CPU grows with it, and so does the speed of a cold start."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "The memory must be a whole number of MB from 128 to 10240."
  }
}

# Without a bound, whoever sends enough requests has as many functions run as the account lets run, and takes them from all
# else in it. At the default rate limit of 50 a second and 100 ms a request, 5 run at once.
variable "api_reserved_concurrency" {
  description = "How many requests the API function may serve at once, taken out of the account's quota and kept for it; -1 for no such limit."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.api_reserved_concurrency == -1 || (var.api_reserved_concurrency >= 1 && floor(var.api_reserved_concurrency) == var.api_reserved_concurrency)
    error_message = "The reserved concurrency must be a whole number of 1 or more, or -1 for no limit. 0 would stop the API."
  }
}

# A token is asked about once in five minutes, and takes milliseconds as a rule. What a bound is for is a flood of made-up
# ones, each of which is asked about.
variable "authorizer_reserved_concurrency" {
  description = "How many tokens the authorizer may check at once, taken out of the account's quota and kept for it; -1 for no such limit."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.authorizer_reserved_concurrency == -1 || (var.authorizer_reserved_concurrency >= 1 && floor(var.authorizer_reserved_concurrency) == var.authorizer_reserved_concurrency)
    error_message = "The reserved concurrency must be a whole number of 1 or more, or -1 for no limit. 0 would let nobody in."
  }
}

variable "booking_concurrency" {
  description = "How many batches of the booking queue are processed at once."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.booking_concurrency >= 2 && var.booking_concurrency <= 1000 && floor(var.booking_concurrency) == var.booking_concurrency
    error_message = "The booking queue's concurrency must be a whole number from 2 to 1000, as Lambda asks for."
  }
}

variable "booking_max_receives" {
  description = "How often a booking message is tried before it becomes a dead letter."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.booking_max_receives >= 5 && var.booking_max_receives <= 1000 && floor(var.booking_max_receives) == var.booking_max_receives
    error_message = "Messages must be tried a whole number of times from 5 to 1000: Lambda may use up fewer by throttling alone."
  }
}

variable "hold_seconds" {
  description = "How long a slot is held for a user to confirm, in seconds."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.hold_seconds >= 1 && var.hold_seconds <= 86400 && floor(var.hold_seconds) == var.hold_seconds
    error_message = "A hold must last a whole number of seconds from 1 to 86400."
  }
}

variable "max_active_holds" {
  description = "How many slots a user can hold at a time."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_active_holds >= 1 && var.max_active_holds <= 100 && floor(var.max_active_holds) == var.max_active_holds
    error_message = "A user must be able to hold a whole number of slots from 1 to 100."
  }
}

variable "expiration_max_age_seconds" {
  description = "The age in seconds at which the expiration handler keeps a failing stream record as a dead letter, with its content."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.expiration_max_age_seconds >= 60 && var.expiration_max_age_seconds < 21600 && floor(var.expiration_max_age_seconds) == var.expiration_max_age_seconds
    error_message = "The age must be a whole number of seconds from 60, and below 21600: at that age Lambda gives a record up, and its content is lost."
  }
}

variable "cursor_key_version" {
  description = "Which key seals the cursors of listings. The next number makes a new one, and what the former has sealed stays good until the number after."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.cursor_key_version >= 1 && floor(var.cursor_key_version) == var.cursor_key_version
    error_message = "The key's version must be a whole number of 1 or more."
  }
}

variable "log_level" {
  description = "The least severe level that the functions log."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "The log level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "throttle_rate_limit" {
  description = "How many requests a second the API takes in the long run; more are answered 429."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.throttle_rate_limit >= 1 && var.throttle_rate_limit <= 10000
    error_message = "The rate limit must be from 1 to 10000 requests a second, which is the account's own limit."
  }
}

variable "throttle_burst_limit" {
  description = "How many requests the API takes at once, above the rate limit."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.throttle_burst_limit >= 1 && var.throttle_burst_limit <= 5000 && floor(var.throttle_burst_limit) == var.throttle_burst_limit
    error_message = "The burst limit must be a whole number from 1 to 5000, which is the account's own limit."
  }
}

variable "route_throttles" {
  description = "Limits of single routes, below those of all: requests a second in the long run, and at once. A route is its method and path, as in the API's description."
  type        = map(object({ rate = number, burst = number }))
  nullable    = false

  # What writes most: a hold is three items and a message, and a pattern of availability can be a year of slots.
  default = {
    "POST /bookings"                            = { rate = 20, burst = 40 }
    "POST /providers/{providerId}/availability" = { rate = 1, burst = 5 }
  }

  validation {
    condition     = alltrue([for route in keys(var.route_throttles) : can(regex("^(DELETE|GET|PATCH|POST|PUT) /[^ ]*$", route))])
    error_message = "Each route must be a method and a path, such as POST /bookings."
  }

  validation {
    condition     = alltrue([for limits in values(var.route_throttles) : limits.rate > 0 && limits.rate <= 10000 && limits.burst >= 1 && limits.burst <= 5000 && floor(limits.burst) == limits.burst])
    error_message = "A route's rate must be above 0 and up to 10000 requests a second, and its burst a whole number from 1 to 5000: the account's own limits."
  }
}

variable "token_issuer" {
  description = "The OpenID Connect issuer whose tokens are good: its URL exactly as its tokens name it in `iss`. Empty: nobody gets in."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.token_issuer == "" || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\\s?#]*)?$", var.token_issuer))
    error_message = "The issuer must be an https URL without a query, such as https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE, or empty."
  }
}

variable "token_audience" {
  description = "What tokens must name in `aud` to be for this API; needed when there is an issuer."
  type        = string
  default     = ""
  nullable    = false
}

variable "role_claim" {
  description = "The claim of a token that tells what its user may do: customer, provider or admin."
  type        = string
  default     = "role"
  nullable    = false

  validation {
    condition     = can(regex("^\\S+$", var.role_claim))
    error_message = "The claim's name must not be empty, and have no spaces."
  }
}

variable "cors_origins" {
  description = "The origins whose pages may call the API from a browser, such as https://book.example.org."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "Every origin must be https, a host in lower case and a port if there is one, such as https://book.example.org: no path, no slash at the end, and no pattern."
  }
}

variable "web_acl_arn" {
  description = "The WAF web ACL before the API, a regional one; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null || can(regex("^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/", var.web_acl_arn))
    error_message = "The web ACL must be the ARN of a regional one, such as arn:aws:wafv2:us-east-1:123456789012:regional/webacl/NAME/ID."
  }
}

variable "kms_key_arn" {
  description = "The KMS key that encrypts the table, the queues, the logs and the functions' environment; null for keys that AWS owns."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key must be the ARN of a key, and of no alias, such as arn:aws:kms:us-east-1:123456789012:key/ID."
  }
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted, by Terraform as well."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_actions" {
  description = "ARNs that alarms notify when they begin and when they end, such as an SNS topic's."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_actions : startswith(arn, "arn:")])
    error_message = "Every alarm action must be an ARN, such as arn:aws:sns:us-east-1:123456789012:on-call."
  }
}
