"""Copy-on-write worlds to work in."""
