# All else is as variables.tf has it, which is meant for dev.
environment = "dev"
log_level   = "DEBUG"
