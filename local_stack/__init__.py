"""The whole system on one machine: what `make run` starts. Nothing in here is deployed."""
