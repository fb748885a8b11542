"""What AWS does to start a task, done for real: pull, log stream, secrets, and a process.

A program of its own inside the twin (``python -m pytest_ecs_privatelink.lab.platform``), which
knows the wire by the standard library alone. It shares no code with the probes, whose claims about
how tasks fare it is there to test, and it knows no verdict: where a step fails it says so in the
words that ECS would (`words`).
"""
