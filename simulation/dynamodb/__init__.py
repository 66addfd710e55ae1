"""A DynamoDB table in memory, as exact as the real one in what the application asks of it."""

from simulation.dynamodb.errors import Refused
from simulation.dynamodb.store import Change, Snapshot
from simulation.dynamodb.table import Table

__all__ = ["Change", "Refused", "Snapshot", "Table"]
