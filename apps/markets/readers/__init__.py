"""How a file of bars becomes columns: text tables, column names, times and numbers. No database."""
