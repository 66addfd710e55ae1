# What holds between the modules, in dev and in prod: run it once with each file of environments/.
# tests/terraform reads the state that this makes: it has what a plan can't know before there are ARNs.

mock_provider "aws" {
  source = "./tests/mocks"
}

# Told apart, so that a wrong wire shows.
override_resource {
  target = module.queue.aws_sqs_queue.bookings
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:bookings"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/bookings"
  }
}

override_resource {
  target = module.queue.aws_sqs_queue.bookings_dead_letters
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:bookings-dlq"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/bookings-dlq"
  }
}

override_resource {
  target = module.queue.aws_sqs_queue.expirations_dead_letters
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:expirations-dlq"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/expirations-dlq"
  }
}

override_resource {
  target = module.functions.aws_lambda_alias.live["api"]
  values = {
    arn        = "arn:aws:lambda:us-east-1:123456789012:function:api:live"
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/api:live/invocations"
  }
}

override_resource {
  target = module.functions.aws_lambda_alias.live["authorize"]
  values = {
    arn        = "arn:aws:lambda:us-east-1:123456789012:function:authorize:live"
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/authorize:live/invocations"
  }
}

override_resource {
  target = module.functions.aws_lambda_alias.live["process-bookings"]
  values = {
    arn        = "arn:aws:lambda:us-east-1:123456789012:function:process-bookings:live"
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/process-bookings:live/invocations"
  }
}

override_resource {
  target = module.functions.aws_lambda_alias.live["expire-bookings"]
  values = {
    arn        = "arn:aws:lambda:us-east-1:123456789012:function:expire-bookings:live"
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/expire-bookings:live/invocations"
  }
}

override_data {
  target = module.functions.data.aws_iam_policy_document.api
  values = { json = "{\"document\":\"api\"}" }
}

override_data {
  target = module.functions.data.aws_iam_policy_document.process_bookings
  values = { json = "{\"document\":\"process_bookings\"}" }
}

override_data {
  target = module.functions.data.aws_iam_policy_document.expire_bookings
  values = { json = "{\"document\":\"expire_bookings\"}" }
}

variables {
  build_directory = "tests/package"
  token_issuer    = "https://issuer.example.org/"
  token_audience  = "appointments"
  cors_origins    = ["https://one.example.org", "https://two.example.org"]
}

run "everything_is_made" {
  assert {
    condition = alltrue([
      for name in concat([output.table_name], values(output.function_names), values(output.log_groups)) :
      strcontains(name, "appointments-${var.environment}")
    ])
    error_message = "Every name must begin with the application's and the environment's."
  }

  assert {
    condition     = length(distinct(values(output.queue_urls))) == 3
    error_message = "The booking queue and the two dead-letter queues must be three queues."
  }

  assert {
    condition     = toset(keys(output.function_names)) == toset(["api", "authorize", "process-bookings", "expire-bookings"])
    error_message = "There must be four functions."
  }

  assert {
    condition     = strcontains(output.dashboard_url, var.region) && endswith(output.dashboard_url, "appointments-${var.environment}")
    error_message = "The dashboard's URL must lead to this deployment's dashboard, in its region."
  }
}
