"""Writers of compiled code: what the table of operators says, as plain modules that Numba's disk cache can serve.

They stand apart from what they write, so that they run however stale that is.
"""
