# Each alarm as data. What each means and what to do is in docs/runbook.md, under the alarm's name.
locals {
  five_minutes = 300

  queue_alarms = {
    bookings-dead-letters = {
      description = "A booking message could not be processed."
      metric      = "ApproximateNumberOfMessagesVisible"
      queue       = var.queues.bookings_dead_letters.name
      threshold   = 0
    }
    expirations-dead-letters = {
      description = "A stream record could not be processed: a slot may be held in the table for longer than it is."
      metric      = "ApproximateNumberOfMessagesVisible"
      queue       = var.queues.expirations_dead_letters.name
      threshold   = 0
    }
    bookings-age = {
      description = "Bookings wait for half a hold or longer to be created."
      metric      = "ApproximateAgeOfOldestMessage"
      queue       = var.queues.bookings.name
      # A booking that is not created within its hold is lost to its user. Below a minute, the metric says nothing.
      threshold = max(60, var.hold_seconds / 2)
    }
  }

  # Rates and waits are looked at twice before anybody is woken.
  alarms_of_functions = merge([
    for key, function in var.functions : {
      "${key}-errors" = {
        description = "${function.name} crashed or ran out of time. What it reports itself is no error here."
        function    = function.name
        metric      = "Errors"
        statistic   = "Sum"
        threshold   = 0
        periods     = 1
      }
      "${key}-throttles" = {
        description = "Lambda refused to run ${function.name}: too many ran at once."
        function    = function.name
        metric      = "Throttles"
        statistic   = "Sum"
        threshold   = 0
        periods     = 1
      }
      "${key}-duration" = {
        description = "The slowest calls of ${function.name} come near its time-out of ${function.timeout} s."
        function    = function.name
        metric      = "Duration"
        statistic   = "p99"
        threshold   = 0.8 * function.timeout * 1000
        periods     = 2
      }
    }
  ]...)

  # The authorizer refuses a token by raising an error, so anybody can make it count some. When it fails for a reason of
  # its own, the API answers 503, which api-5xx sees.
  function_alarms = { for key, alarm in local.alarms_of_functions : key => alarm if key != "authorize-errors" }

  iterator_age_alarm = {
    expirations-age = {
      description = "Ended holds wait for long to be tidied up; soon the handler gives them up."
      function    = var.functions["expire-bookings"].name
      metric      = "IteratorAge"
      statistic   = "Maximum"
      threshold   = var.expiration_max_age_seconds * 1000 / 2
      periods     = 1
    }
  }

  api_alarms = {
    api-5xx = {
      description = "More than one request in a hundred fails on our side."
      metric      = "5XXError"
      statistic   = "Average"
      threshold   = 0.01
    }
    api-latency = {
      description = "One request in a hundred takes longer than 3 s."
      metric      = "Latency"
      statistic   = "p99"
      threshold   = 3000
    }
  }

  # DynamoDB counts throttles of the table and of each index apart. A throttled index holds up writes to the table.
  throttles = merge(
    { for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] : "table_${lower(metric)}" => { metric = metric, index = null } },
    {
      for pair in setproduct(var.table.index_names, ["ReadThrottleEvents", "WriteThrottleEvents"]) :
      lower(join("_", pair)) => { metric = pair[1], index = pair[0] }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = local.queue_alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.description} See docs/runbook.md, ${each.key}."
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = merge(local.function_alarms, local.iterator_age_alarm)

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.description} See docs/runbook.md, ${each.key}."
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = each.value.function }
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = local.five_minutes
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "api" {
  for_each = local.api_alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.description} See docs/runbook.md, ${each.key}."
  namespace           = "AWS/ApiGateway"
  metric_name         = each.value.metric
  dimensions          = { ApiName = var.api.name, Stage = var.api.stage }
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = local.five_minutes
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "table_throttles" {
  alarm_name          = "${var.prefix}-table-throttles"
  alarm_description   = "DynamoDB refused reads or writes: too many at once. See docs/runbook.md, table-throttles."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "all"
    label       = "Throttled reads and writes"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.throttles

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value.metric
        stat        = "Sum"
        period      = local.five_minutes
        dimensions = merge(
          { TableName = var.table.name },
          metric_query.value.index == null ? {} : { GlobalSecondaryIndexName = metric_query.value.index },
        )
      }
    }
  }
}
