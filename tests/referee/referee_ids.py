"""What every random world has in common: its Region, its groups, its prefix lists, its gateways."""

REGION, ACCOUNT, VPC = "us-east-1", "123456789012", "vpc-1"
TASKS, INSTANCES, ENDPOINTS = "sg-tasks", "sg-instances", "sg-endpoints"
OTHER, DEFAULT = "sg-other", "sg-default"
GROUPS = (TASKS, INSTANCES, ENDPOINTS, OTHER, DEFAULT)
ANYWHERE = "0.0.0.0/0"
S3_LIST, S3_GATEWAY, OWN_LIST = "pl-s3", "vpce-s3", "pl-own"
S3_RANGES = ("52.216.0.0/15", "3.5.0.0/19")
HUB = "10.200.0.0/16"
PUBLIC = "subnet-public"
