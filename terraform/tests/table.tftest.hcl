mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "test"
  deletion_protection = false
}

run "without_a_key_the_one_that_aws_owns_encrypts" {
  module {
    source = "./modules/table"
  }

  variables {
    kms_key_arn = null
  }

  assert {
    condition     = !aws_dynamodb_table.this.server_side_encryption[0].enabled
    error_message = "False stands for the key that AWS owns."
  }
}

run "a_key_encrypts_the_table" {
  module {
    source = "./modules/table"
  }

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].enabled && aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == var.kms_key_arn
    error_message = "The key must encrypt the table."
  }
}
