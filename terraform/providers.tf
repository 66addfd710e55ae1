provider "aws" {
  region = var.region

  default_tags {
    tags = {
      application = "appointments"
      environment = var.environment
      managed-by  = "terraform"
    }
  }
}
