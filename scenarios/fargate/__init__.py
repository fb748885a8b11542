"""What holds for the Fargate launch type alone."""
