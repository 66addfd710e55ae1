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

variable "api_reserved_concurrency" {
  description = "How many requests the API function may serve at once, taken out of the account's quota and kept for it; -1 for no such limit."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.api_reserved_concurrency == -1 || (var.api_reserved_concurrency >= 1 && floor(var.api_reserved_concurrency) == var.api_reserved_concurrency)
    error_message = "The reserved concurrency must be a whole number of 1 or more, or -1 for no limit. 0 would stop the API."
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
