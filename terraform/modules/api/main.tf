locals {
  document = jsondecode(templatefile(var.body_file, {
    api_function_invoke_arn = var.function.invoke_arn
    authorizer_invoke_arn   = var.authorizer.invoke_arn
  }))

  # For pages of other origins to read what the gateway answers by itself, such as a 401. It can't say which of several
  # origins has asked, and what it answers is nobody's secret; the application's own answers name the one.
  cors_headers = length(var.cors_origins) == 0 ? {} : {
    "gatewayresponse.header.Access-Control-Allow-Origin"   = "'*'"
    "gatewayresponse.header.Access-Control-Expose-Headers" = "'Retry-After,WWW-Authenticate,X-Request-Id'"
  }

  gateway_responses = {
    for kind, response in local.document["x-amazon-apigateway-gateway-responses"] :
    kind => merge(response, { responseParameters = merge(response.responseParameters, local.cors_headers) })
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "Appointment booking"
  body        = jsonencode(merge(local.document, { x-amazon-apigateway-gateway-responses = local.gateway_responses }))

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
  #checkov:skip=CKV2_AWS_29:the firewall is a variable: it has a monthly price, and rules that depend on the clients
  #checkov:skip=CKV2_AWS_77:the firewall's rules are its owner's; nothing here is written in Java
  #checkov:skip=CKV2_AWS_51:clients are the public's browsers and phones, which have no certificates
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn

    # The route and not the path, no query, no address, nothing of the token: logs hold no personal data and no secret.
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
      authorizerStatus   = "$context.authorizer.status"
      authorizerLatency  = "$context.authorizer.latency"
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

# What writes most has limits of its own, below those of the stage.
resource "aws_api_gateway_method_settings" "route" {
  #checkov:skip=CKV_AWS_225:what can be booked changes with every hold, and must not come from a cache
  for_each = var.route_throttles

  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name

  # `~1providers~1{providerId}~1availability/POST`: API Gateway has it so, and the provider hands it on as it is.
  method_path = "${replace(split(" ", each.key)[1], "/", "~1")}/${split(" ", each.key)[0]}"

  settings {
    throttling_rate_limit  = each.value.rate
    throttling_burst_limit = each.value.burst
  }

  lifecycle {
    precondition {
      condition     = contains(keys(lookup(local.document.paths, split(" ", each.key)[1], {})), lower(split(" ", each.key)[0]))
      error_message = "route_throttles names ${each.key}, which the API does not have."
    }
  }

  # One after the other: each is a change of the same stage.
  depends_on = [aws_api_gateway_method_settings.all]
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.web_acl_arn == null ? 0 : 1

  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = var.web_acl_arn
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:the key is a variable; without one, CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338:how long logs are kept is a variable; prod keeps them for a year
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_permission" "gateway" {
  statement_id  = "AllowApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = var.function.function_name
  qualifier     = var.function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage}/*"
}

# Its authorizers are the gateway's to number, and it has one.
resource "aws_lambda_permission" "authorizer" {
  statement_id  = "AllowApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function_name
  qualifier     = var.authorizer.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/authorizers/*"
}
