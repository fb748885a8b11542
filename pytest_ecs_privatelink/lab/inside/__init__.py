"""The twin's own process, exec'ed by `pytest_ecs_privatelink.lab.twin`: kernel calls live here."""
