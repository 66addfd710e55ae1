"""DynamoDB: the one table, its keys, its items and its write sets. The only place that knows expressions."""
