"""Recorded HTTP histories, and whether the system that answered keeps its promises."""

from simulation.histories.anomalies import anomalies
from simulation.histories.operations import Call, History, Kind, Operation

__all__ = ["Call", "History", "Kind", "Operation", "anomalies"]
