mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                     = "test"
  region                     = "eu-west-1"
  api                        = { name = "test", stage = "dev" }
  table                      = { name = "the-table", index_names = ["GSI1", "GSI2"] }
  hold_seconds               = 1000
  expiration_max_age_seconds = 600
  alarm_actions              = ["arn:aws:sns:eu-west-1:123456789012:on-call"]

  functions = {
    api             = { name = "the-api", timeout = 10 }
    authorize       = { name = "the-authorizer", timeout = 30 }
    expire-bookings = { name = "the-expirer", timeout = 20 }
  }

  queues = {
    bookings                 = { name = "the-bookings" }
    bookings_dead_letters    = { name = "the-bookings-dlq" }
    expirations_dead_letters = { name = "the-expirations-dlq" }
  }
}

run "thresholds_follow_from_what_is_watched" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.queue["bookings-age"].threshold == 500
    error_message = "Half a hold must be left when somebody is told that bookings wait."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.function["expirations-age"].threshold == 300000
    error_message = "Half the time must be left when somebody is told that expirations wait."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.function["api-duration"].threshold == 8000 && aws_cloudwatch_metric_alarm.function["expire-bookings-duration"].threshold == 16000
    error_message = "Four fifths of the function's own time-out must be the limit for its duration."
  }

  assert {
    condition = toset([for query in aws_cloudwatch_metric_alarm.table_throttles.metric_query : jsonencode(query.metric[0].dimensions) if length(query.metric) == 1]) == toset([
      jsonencode({ TableName = "the-table" }),
      jsonencode({ TableName = "the-table", GlobalSecondaryIndexName = "GSI1" }),
      jsonencode({ TableName = "the-table", GlobalSecondaryIndexName = "GSI2" }),
    ])
    error_message = "Throttles of the table and of each index must be watched."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.queue), values(aws_cloudwatch_metric_alarm.function), values(aws_cloudwatch_metric_alarm.api), [aws_cloudwatch_metric_alarm.table_throttles]) :
      alarm.alarm_actions == toset(var.alarm_actions) && alarm.ok_actions == toset(var.alarm_actions)
    ])
    error_message = "Every alarm must tell of its beginning and of its end."
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.region == "eu-west-1" && widget.x + widget.width <= 24])
    error_message = "The dashboard must show its own region, and fit its width."
  }
}

run "a_stranger_with_a_bad_token_wakes_nobody" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.function), "authorize-errors")
    error_message = "The authorizer refuses by raising errors, so these must not alarm."
  }

  assert {
    condition     = length([for key in keys(aws_cloudwatch_metric_alarm.function) : key if startswith(key, "authorize-")]) == 2
    error_message = "The authorizer's throttles and duration must be watched."
  }
}

run "a_short_hold_does_not_ask_for_less_than_a_minute" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    hold_seconds = 30
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.queue["bookings-age"].threshold == 60
    error_message = "The metric has one value a minute, so a limit below says nothing."
  }
}
