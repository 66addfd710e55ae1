resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "Appointment booking"
  body        = templatefile(var.body_file, { api_function_invoke_arn = var.function.invoke_arn })

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# A deployment is a snapshot: a new one is made exactly when the body changes, and before the old one goes.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  triggers = {
    body = sha1(aws_api_gateway_rest_api.this.body)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:what can be booked changes with every hold, and must not come from a cache
  #checkov:skip=CKV2_AWS_4:errors are in the function's log; the gateway's own would hold request bodies
  #checkov:skip=CKV2_AWS_29:a firewall has a monthly price and rules that depend on the clients; docs/deployment.md says how to add one
  #checkov:skip=CKV2_AWS_51:clients are the public's browsers and phones, which have no certificates
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn

    # The route and not the path, and no address: logs hold no personal data.
    format = jsonencode({
      requestId          = "$context.requestId"
      time               = "$context.requestTime"
      method             = "$context.httpMethod"
      route              = "$context.resourcePath"
      status             = "$context.status"
      responseLength     = "$context.responseLength"
      responseLatency    = "$context.responseLatency"
      integrationLatency = "$context.integrationLatency"
      errorType          = "$context.error.responseType"
      traceId            = "$context.xrayTraceId"
    })
  }
}

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225:what can be booked changes with every hold, and must not come from a cache
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttle_rate_limit
    throttling_burst_limit = var.throttle_burst_limit
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key, and these hold no personal data
  #checkov:skip=CKV_AWS_338:how long logs are kept is a variable; prod keeps them for a year
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_permission" "gateway" {
  statement_id  = "AllowApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = var.function.function_name
  qualifier     = var.function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage}/*"
}
