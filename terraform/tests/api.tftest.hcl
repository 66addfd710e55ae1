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
  cors_origins         = []
  web_acl_arn          = null
  kms_key_arn          = null

  route_throttles = {
    "POST /bookings"                            = { rate = 0.5, burst = 1 }
    "POST /providers/{providerId}/availability" = { rate = 4, burst = 5 }
  }

  function = {
    name          = "live"
    function_name = "test-api"
    invoke_arn    = "arn:aws:apigateway:us-east-1:lambda:path/one"
  }

  authorizer = {
    name          = "current"
    function_name = "test-authorize"
    invoke_arn    = "arn:aws:apigateway:us-east-1:lambda:path/authorize"
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
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).components.securitySchemes.bearer["x-amazon-apigateway-authorizer"].authorizerUri == var.authorizer.invoke_arn
    error_message = "The body must ask the authorizer's alias."
  }

  assert {
    condition     = aws_lambda_permission.authorizer.qualifier == "current" && aws_lambda_permission.authorizer.function_name == "test-authorize"
    error_message = "The gateway must be allowed to call the authorizer's alias."
  }

  assert {
    condition     = aws_lambda_permission.authorizer.source_arn == "${aws_api_gateway_rest_api.this.execution_arn}/authorizers/*"
    error_message = "Only this API may ask the authorizer."
  }

  assert {
    condition     = length(aws_wafv2_web_acl_association.this) == 0 && aws_cloudwatch_log_group.access.kms_key_id == null
    error_message = "Without a firewall and a key of one's own, there must be none."
  }

  assert {
    condition     = !strcontains(aws_api_gateway_rest_api.this.body, "Access-Control")
    error_message = "Without origins, no page of another origin may read anything."
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

run "routes_have_limits_of_their_own" {
  module {
    source = "./modules/api"
  }

  assert {
    condition = { for route, settings in aws_api_gateway_method_settings.route : route => settings.method_path } == {
      "POST /bookings"                            = "~1bookings/POST"
      "POST /providers/{providerId}/availability" = "~1providers~1{providerId}~1availability/POST"
    }
    error_message = "A route's path must be written as API Gateway has it: slashes as ~1, then the method."
  }

  assert {
    condition     = aws_api_gateway_method_settings.route["POST /bookings"].settings[0].throttling_rate_limit == 0.5 && aws_api_gateway_method_settings.route["POST /bookings"].settings[0].throttling_burst_limit == 1
    error_message = "A route's limits must be those that are given for it."
  }
}

run "a_path_that_the_api_does_not_have_is_refused" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    route_throttles = { "POST /booking" = { rate = 1, burst = 1 } }
  }

  expect_failures = [aws_api_gateway_method_settings.route]
}

run "a_method_that_the_path_does_not_have_is_refused" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    route_throttles = { "PUT /bookings" = { rate = 1, burst = 1 } }
  }

  expect_failures = [aws_api_gateway_method_settings.route]
}

run "pages_of_other_origins_can_read_what_the_gateway_answers" {
  module {
    source = "./modules/api"
  }

  variables {
    cors_origins = ["https://one.example.org", "https://two.example.org"]
  }

  assert {
    condition = jsondecode(aws_api_gateway_rest_api.this.body)["x-amazon-apigateway-gateway-responses"].UNAUTHORIZED == {
      statusCode = "401"
      responseParameters = {
        "gatewayresponse.header.WWW-Authenticate"              = "'Bearer'"
        "gatewayresponse.header.Access-Control-Allow-Origin"   = "'*'"
        "gatewayresponse.header.Access-Control-Expose-Headers" = "'Retry-After,WWW-Authenticate,X-Request-Id'"
      }
      responseTemplates = { "application/json" = "{}" }
    }
    error_message = "With origins, their pages must be able to read the gateway's own answers, which are as they were else."
  }
}

run "a_firewall_stands_before_the_stage" {
  module {
    source = "./modules/api"
  }

  variables {
    web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/test/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == aws_api_gateway_stage.this.arn && aws_wafv2_web_acl_association.this[0].web_acl_arn == var.web_acl_arn
    error_message = "The firewall must be associated with the stage."
  }
}

run "a_key_encrypts_the_access_log" {
  module {
    source = "./modules/api"
  }

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_cloudwatch_log_group.access.kms_key_id == var.kms_key_arn
    error_message = "The key must encrypt the access log."
  }
}
