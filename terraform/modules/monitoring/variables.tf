variable "prefix" {
  description = "What every name begins with."
  type        = string
}

variable "region" {
  description = "Where the metrics are."
  type        = string
}

variable "table" {
  description = "The table and its indexes."
  type = object({
    name        = string
    index_names = list(string)
  })
}

variable "queues" {
  description = "The booking queue and both dead-letter queues."
  type = object({
    bookings                 = object({ name = string })
    bookings_dead_letters    = object({ name = string })
    expirations_dead_letters = object({ name = string })
  })
}

variable "functions" {
  description = "The functions, with their time-outs in seconds."
  type        = map(object({ name = string, timeout = number }))
}

variable "api" {
  description = "The API's name and stage."
  type        = object({ name = string, stage = string })
}

variable "hold_seconds" {
  description = "How long a slot is held for a user to confirm."
  type        = number
}

variable "expiration_max_age_seconds" {
  description = "The age at which the expiration handler gives a stream record up."
  type        = number
}

variable "alarm_actions" {
  description = "What alarms notify."
  type        = list(string)
}
