variable "prefix" {
  description = "What every name begins with."
  type        = string
}

variable "worker_timeout_seconds" {
  description = "The time-out of the function that reads the booking queue."
  type        = number
}

variable "max_receive_count" {
  description = "How often a message is received before it moves to the dead-letter queue."
  type        = number
}

variable "kms_key_arn" {
  description = "The key that encrypts the messages; null for AWS's own."
  type        = string
}
