"""Stock and orders."""
