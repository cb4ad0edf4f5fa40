"""Reads Pine Script (versions 3 to 6) into a syntax tree; every statement is read by itself, so that one that cannot
be read never spoils the next."""

from apps.engine.pine.reader.parser import read_script

__all__ = ["read_script"]
