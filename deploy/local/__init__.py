"""One machine, one command: what `make up` and `make test` run.

`bootstrap` needs nothing but Python's standard library: it makes `.venv` and installs the pinned requirements.
Everything else runs inside that environment as `python -m deploy.local up | test | servers | down | env`.
"""
