resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_119:the key is a variable; without one, AWS's own encrypts at no cost and can't be lost
  #checkov:skip=CKV2_AWS_16:on-demand capacity scales by itself
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = ["PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK"]

    content {
      name = attribute.value
      type = "S"
    }
  }

  # A user's bookings, by time.
  global_secondary_index {
    name            = "GSI1"
    hash_key        = "GSI1PK"
    range_key       = "GSI1SK"
    projection_type = "ALL"
  }

  # A provider's bookings, by time.
  global_secondary_index {
    name            = "GSI2"
    hash_key        = "GSI2PK"
    range_key       = "GSI2SK"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  # The expiration handler works from the old image: the item itself is gone by then.
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  point_in_time_recovery {
    enabled = true
  }

  # False stands for the key that AWS owns, not for none: DynamoDB encrypts always.
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
