"""Run jobs in an order that respects what they need."""
