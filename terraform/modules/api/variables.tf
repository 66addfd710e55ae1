variable "name" {
  description = "The API's name."
  type        = string
}

variable "stage" {
  description = "The name of its one stage, with which every path begins."
  type        = string
}

variable "body_file" {
  description = "The OpenAPI document, with `$${api_function_invoke_arn}` and `$${authorizer_invoke_arn}` where the invocation ARNs go."
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

variable "authorizer" {
  description = "The alias of the function that says who calls."
  type = object({
    name          = string
    function_name = string
    invoke_arn    = string
  })
}

variable "cors_origins" {
  description = "The origins whose pages may call the API."
  type        = list(string)
}

variable "route_throttles" {
  description = "Limits of single routes, by method and path: requests a second in the long run, and at once."
  type        = map(object({ rate = number, burst = number }))
}

variable "web_acl_arn" {
  description = "The firewall before the stage; null for none."
  type        = string
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

variable "kms_key_arn" {
  description = "The key that encrypts the access log; null for AWS's own."
  type        = string
}
