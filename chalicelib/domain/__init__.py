"""The rules of booking as data and pure functions: no AWS, no framework, no environment, no clock."""
