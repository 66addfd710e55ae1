output "mapping_ids" {
  description = "The event source mappings, to stop and start them by."
  value = {
    bookings    = aws_lambda_event_source_mapping.bookings.uuid
    expirations = aws_lambda_event_source_mapping.expirations.uuid
  }
}
