"""ONE-OFF TASKS: what they are sent with, how they are asked all at once, and what they bring."""
