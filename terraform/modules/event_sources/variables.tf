variable "process_bookings_arn" {
  description = "The alias of the function that reads the booking queue."
  type        = string
}

variable "expire_bookings_arn" {
  description = "The alias of the function that reads the table's stream."
  type        = string
}

variable "booking_queue_arn" {
  description = "The queue of bookings to be created."
  type        = string
}

variable "booking_concurrency" {
  description = "How many batches of the booking queue are processed at once."
  type        = number
}

variable "stream_arn" {
  description = "The table's stream."
  type        = string
}

variable "stream_record_age_seconds" {
  description = "The age at which Lambda gives a stream record up."
  type        = number
}

variable "stream_dead_letters_arn" {
  description = "Where Lambda tells of stream records that it gave up."
  type        = string
}
