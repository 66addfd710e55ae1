# When the API is deployed again: a stage that still shows the old body would be a deployment that did nothing.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                 = "test"
  stage                = "dev"
  body_file            = "tests/package/api.json"
  throttle_rate_limit  = 1
  throttle_burst_limit = 2
  log_retention_days   = 7

  function = {
    name          = "live"
    function_name = "test-api"
    invoke_arn    = "arn:aws:apigateway:us-east-1:lambda:path/one"
  }
}

run "first" {
  module {
    source = "./modules/api"
  }

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).paths["/health"].get["x-amazon-apigateway-integration"].uri == var.function.invoke_arn
    error_message = "The body must call the function's alias."
  }

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == aws_api_gateway_deployment.this.id
    error_message = "The stage must show the deployment."
  }

  assert {
    condition     = aws_lambda_permission.gateway.qualifier == "live" && aws_lambda_permission.gateway.function_name == "test-api"
    error_message = "The gateway must be allowed to call the alias that the body names."
  }

  assert {
    condition     = aws_lambda_permission.gateway.source_arn == "${aws_api_gateway_rest_api.this.execution_arn}/dev/*"
    error_message = "Only this API's stage may call the function."
  }

  assert {
    condition     = aws_api_gateway_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access.arn
    error_message = "Requests must be logged to the stage's log group."
  }
}

run "the_same_body_is_not_deployed_again" {
  module {
    source = "./modules/api"
  }

  variables {
    throttle_rate_limit = 3
  }

  assert {
    condition     = aws_api_gateway_deployment.this.id == aws_api_gateway_stage.this.deployment_id && aws_api_gateway_deployment.this.triggers.body == sha1(aws_api_gateway_rest_api.this.body)
    error_message = "A deployment must stand for the body's content, and for nothing else."
  }

  assert {
    condition     = aws_api_gateway_method_settings.all.method_path == "*/*"
    error_message = "Throttling must apply to every method."
  }
}

run "another_body_is_deployed" {
  module {
    source = "./modules/api"
  }

  variables {
    function = {
      name          = "live"
      function_name = "test-api"
      invoke_arn    = "arn:aws:apigateway:us-east-1:lambda:path/two"
    }
  }

  assert {
    condition     = aws_api_gateway_deployment.this.triggers.body == sha1(aws_api_gateway_rest_api.this.body) && strcontains(aws_api_gateway_rest_api.this.body, "path/two")
    error_message = "Another body must be another deployment."
  }
}
