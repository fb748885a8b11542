"""WHAT MUST EXIST: partitions, endpoint services and their names, requirements. Data, no I/O."""
