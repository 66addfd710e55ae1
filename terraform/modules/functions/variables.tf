variable "prefix" {
  description = "What every name begins with."
  type        = string
}

variable "package_file" {
  description = "The zip with the code of all functions."
  type        = string
}

variable "runtime" {
  description = "The Python that the package was built for."
  type        = string

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13"], var.runtime)
    error_message = "The package is for a Python that Lambda does not run, or that this configuration does not know yet: build it with 3.11, 3.12 or 3.13."
  }
}

# Chalice packages wheels for x86_64, pydantic-core among them, which is compiled and would not load on arm64.
variable "architecture" {
  description = "The processor that the package was built for."
  type        = string

  validation {
    condition     = var.architecture == "x86_64"
    error_message = "The package must be for x86_64, which is what Chalice builds it for."
  }
}

variable "memory_mb" {
  description = "Memory of each function."
  type        = number
}

variable "api_timeout_seconds" {
  description = "The API function's time-out."
  type        = number
}

variable "worker_timeout_seconds" {
  description = "The time-out of both workers."
  type        = number
}

variable "api_reserved_concurrency" {
  description = "The API function's reserved concurrency; -1 for none."
  type        = number
}

variable "authorizer_timeout_seconds" {
  description = "The authorizer's time-out."
  type        = number
}

variable "authorizer_reserved_concurrency" {
  description = "The authorizer's reserved concurrency; -1 for none."
  type        = number
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}

variable "environment_variables" {
  description = "The settings of the API and the workers."
  type        = map(string)
}

variable "authorizer_environment_variables" {
  description = "The authorizer's settings: it gets no others, and so none of the secrets."
  type        = map(string)

  validation {
    condition     = var.authorizer_environment_variables["TOKEN_ISSUER"] == "" || var.authorizer_environment_variables["TOKEN_AUDIENCE"] != ""
    error_message = "With a token_issuer there must be a token_audience: tokens that the issuer made for others would be taken too."
  }
}

variable "kms_key_arn" {
  description = "The key that encrypts the environment and the logs, and the table and the queues that they use; null for AWS's own."
  type        = string
}

variable "table" {
  description = "The table that the functions work on."
  type = object({
    arn         = string
    stream_arn  = string
    index_names = list(string)
  })
}

variable "queues" {
  description = "The booking queue and both dead-letter queues."
  type = object({
    bookings                 = object({ arn = string })
    bookings_dead_letters    = object({ arn = string })
    expirations_dead_letters = object({ arn = string })
  })
}
