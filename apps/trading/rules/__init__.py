"""Decisions about orders, positions and risk: values in, values out."""
