"""What each resource type means in calls of botocore, one module per AWS service."""
