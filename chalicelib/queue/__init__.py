"""SQS: the message that has a booking created, its sender, and the dead letters of both workers."""
