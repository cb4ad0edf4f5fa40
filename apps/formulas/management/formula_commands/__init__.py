"""The sub-commands of `manage.py formula`, by subject. Each module adds its parsers; each parser names what it runs."""
