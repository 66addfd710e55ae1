output "table" {
  description = "The table, its stream, and the names of its indexes."
  value = {
    name        = aws_dynamodb_table.this.name
    arn         = aws_dynamodb_table.this.arn
    stream_arn  = aws_dynamodb_table.this.stream_arn
    index_names = [for index in aws_dynamodb_table.this.global_secondary_index : index.name]
  }
}
