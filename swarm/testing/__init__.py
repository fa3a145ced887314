"""Doubles and builders, shipped."""
