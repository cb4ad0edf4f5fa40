"""Secrets the product must be able to read back, encrypted in the database with keys that can be changed.

`fields.EncryptedTextField` on a model is all a room needs. What never has to be read back (passwords, tokens that
others send us) is hashed instead.
"""
