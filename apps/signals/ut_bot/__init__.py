"""UT Bot: its parameters, the same rule as a formula, as Pine scripts and as the messages these send. No database."""
