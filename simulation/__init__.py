"""The real code under a scheduler that owns time, order and faults."""
