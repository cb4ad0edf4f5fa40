"""One folder for each way of reaching people; `registry.py` has one line for each."""
