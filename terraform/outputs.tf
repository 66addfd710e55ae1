output "api_url" {
  description = "Where the API answers: `make smoke URL=...` takes it."
  value       = module.api.url
}

output "table_name" {
  description = "The table."
  value       = module.table.table.name
}

output "queue_urls" {
  description = "The booking queue and both dead-letter queues."
  value       = { for name, queue in module.queue.queues : name => queue.url }
}

output "function_names" {
  description = "The functions; each is called by its alias `live`."
  value       = { for name, function in module.functions.functions : name => function.name }
}

output "log_groups" {
  description = "Where the functions and the API's stage log."
  value       = merge(module.functions.log_groups, { api-access = module.api.log_group })
}

output "dashboard_url" {
  description = "The dashboard."
  value       = module.monitoring.dashboard_url
}

output "event_source_mapping_ids" {
  description = "What delivers to the workers, to stop and start them by."
  value       = module.event_sources.mapping_ids
}
