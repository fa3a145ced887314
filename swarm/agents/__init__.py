"""Planner, writers, tester and reviewers: plain async code without Ray."""
