variable "name" {
  description = "The API's name."
  type        = string
}

variable "stage" {
  description = "The name of its one stage, with which every path begins."
  type        = string
}

variable "body_file" {
  description = "The OpenAPI document, with `$${api_function_invoke_arn}` where the function's invocation ARN goes."
  type        = string
}

variable "function" {
  description = "The alias of the function that serves the API."
  type = object({
    name          = string
    function_name = string
    invoke_arn    = string
  })
}

variable "throttle_rate_limit" {
  description = "Requests a second in the long run."
  type        = number
}

variable "throttle_burst_limit" {
  description = "Requests at once."
  type        = number
}

variable "log_retention_days" {
  description = "How long the access log is kept."
  type        = number
}
