"""Where instances learn about themselves: apart from how, since questions name it. Travels."""

INSTANCE_ENDPOINT = "http://169.254.169.254"
INSTANCE_ENDPOINT_IPV6 = "http://[fd00:ec2::254]"
