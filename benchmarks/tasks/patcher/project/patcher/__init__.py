"""Differences between texts, and applying them."""
