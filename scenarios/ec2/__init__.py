"""What holds for the EC2 launch type alone."""
