"""What Lambda calls with batches: the booking processor (SQS) and the expiration handler (DynamoDB stream)."""
