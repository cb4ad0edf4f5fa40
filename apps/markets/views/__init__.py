"""Pages of the markets room."""
