"""Any agent that speaks the Agent Client Protocol, as an engine: JSON-RPC over its standard input and output.

Law: as for the user's own agents (`swarm.engines.cli`), whose engine runs these too. The agent is offered
neither our files nor our terminals: it has the sandbox's. What it asks leave for is answered by a rule, and
nobody is waited for.

    policy     what is answered when it asks for leave
    updates    its notifications, as sightings
    client     one conversation over its pipes
    talk       ready to be run by the engine
"""
