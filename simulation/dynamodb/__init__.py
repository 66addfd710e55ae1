"""A DynamoDB table in memory, as exact as the real one in what the application asks of it."""

from simulation.dynamodb.errors import NO_REASON, Refused
from simulation.dynamodb.store import Change, Snapshot
from simulation.dynamodb.table import Table

__all__ = ["NO_REASON", "Change", "Refused", "Snapshot", "Table"]
