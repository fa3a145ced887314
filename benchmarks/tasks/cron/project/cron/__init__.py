"""Cron expressions with five fields."""
