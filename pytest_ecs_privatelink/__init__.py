"""Prove, subnet by subnet, that Amazon ECS tasks can start in a VPC without an internet path."""

__version__ = "0.1.0"
