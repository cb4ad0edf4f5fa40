"""What holds for bots, without a database."""
