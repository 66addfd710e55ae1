"""The appointment booking backend: everything that is deployed, and nothing else."""
