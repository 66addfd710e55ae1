"""What the system costs in calls, capacity, time and money: measured, drawn, and written into `docs/benchmarks`."""
