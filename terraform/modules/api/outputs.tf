output "url" {
  description = "Where the API answers."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "log_group" {
  description = "Where the stage logs each request."
  value       = aws_cloudwatch_log_group.access.name
}
