"""What agents think with."""
