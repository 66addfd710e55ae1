"""What makes the deployable parts, and tries a deployed system. Nothing in here is deployed."""
