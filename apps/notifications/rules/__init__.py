"""Pure decisions: when something may be sent, and what follows when it could not be."""
