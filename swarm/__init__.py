"""swarm: a market of coding agents for your repository."""
