"""IAM policies of endpoints and roles: reading, evaluating, and the audits that rest on them."""
