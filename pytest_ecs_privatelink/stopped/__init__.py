"""WHY A TASK STOPPED: ECS's words in; phase, endpoint service and code out. Pure."""
