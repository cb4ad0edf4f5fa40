"""The admin's pages that join several rooms: its first page, what waits, its navigation and search."""
