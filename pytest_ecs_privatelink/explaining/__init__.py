"""THE TOOL: why a task stopped, on the command line. Knows no pytest."""
