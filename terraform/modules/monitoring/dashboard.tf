# What a person looks at first, from the user's side inwards.
locals {
  widgets = [
    {
      title = "API: requests and errors"
      stat  = "Sum"
      metrics = [
        for metric in ["Count", "4XXError", "5XXError"] :
        ["AWS/ApiGateway", metric, "ApiName", var.api.name, "Stage", var.api.stage]
      ]
    },
    {
      title = "API: latency (ms)"
      stat  = "p99"
      metrics = [
        for metric in ["Latency", "IntegrationLatency"] :
        ["AWS/ApiGateway", metric, "ApiName", var.api.name, "Stage", var.api.stage]
      ]
    },
    {
      title   = "Dead letters"
      stat    = "Maximum"
      metrics = [for queue in [var.queues.bookings_dead_letters, var.queues.expirations_dead_letters] : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]]
    },
    {
      title = "Bookings: waiting, and age of the oldest (s)"
      stat  = "Maximum"
      metrics = [
        for metric in ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"] :
        ["AWS/SQS", metric, "QueueName", var.queues.bookings.name]
      ]
    },
    {
      title   = "Expirations: age of the stream's records (ms)"
      stat    = "Maximum"
      metrics = [["AWS/Lambda", "IteratorAge", "FunctionName", var.functions["expire-bookings"].name]]
    },
    {
      title = "Functions: errors and throttles"
      stat  = "Sum"
      metrics = concat([
        for function in var.functions : [for metric in ["Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", function.name]]
      ]...)
    },
    {
      title   = "Functions: duration (ms)"
      stat    = "p99"
      metrics = [for function in var.functions : ["AWS/Lambda", "Duration", "FunctionName", function.name]]
    },
    {
      title   = "Functions: running at once"
      stat    = "Maximum"
      metrics = [for function in var.functions : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", function.name]]
    },
    {
      title = "Table: capacity and throttles"
      stat  = "Sum"
      metrics = [
        for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"] :
        ["AWS/DynamoDB", metric, "TableName", var.table.name]
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix

  # Three in a row; a dashboard is 24 wide.
  dashboard_body = jsonencode({
    widgets = [
      for number, widget in local.widgets : {
        type   = "metric"
        x      = number % 3 * 8
        y      = floor(number / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = widget.title
          stat    = widget.stat
          period  = 60
          region  = var.region
          metrics = widget.metrics
        }
      }
    ]
  })
}
