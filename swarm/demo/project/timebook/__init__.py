"""Timebook: keep hours in plain text, report on them, and turn them into invoices."""

__version__ = "0.4.1"
