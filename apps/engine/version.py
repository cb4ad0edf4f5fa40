"""The engine's version: part of every result's identity. Raise it when any number the engine gives can change."""

ENGINE_VERSION = "1.2.0"
