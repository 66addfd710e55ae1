output "queues" {
  description = "The queues, by what they hold."
  value = {
    for name, queue in {
      bookings                 = aws_sqs_queue.bookings
      bookings_dead_letters    = aws_sqs_queue.bookings_dead_letters
      expirations_dead_letters = aws_sqs_queue.expirations_dead_letters
    } : name => { name = queue.name, arn = queue.arn, url = queue.url }
  }
}
