output "functions" {
  description = "Name and time-out of each function."
  value       = { for key, function in aws_lambda_function.this : key => { name = function.function_name, timeout = function.timeout } }
}

output "live" {
  description = "The alias by which each function is called."
  value = {
    for key, alias in aws_lambda_alias.live : key => {
      name          = alias.name
      function_name = alias.function_name
      arn           = alias.arn
      invoke_arn    = alias.invoke_arn
    }
  }

  # An event source is refused as long as the role may not read it.
  depends_on = [aws_iam_role_policy.grants, aws_iam_role_policy.telemetry, aws_iam_role_policy.key]
}

output "log_groups" {
  description = "Where each function logs."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}
