"""What people type on the trading pages."""
