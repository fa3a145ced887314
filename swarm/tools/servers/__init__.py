"""Others' tools: servers of the Model Context Protocol, run in sandboxes and believed in nothing.

Law: a server is started by configuration only, in the sandbox of whoever uses it, without network,
environment or secret. A tool is offered when a role's list names it and what it says of itself has the
hash that a person approved; another hash takes it out of use. Everything that a server sends has a bound
in time, bytes and number, and nothing that it does can do more than fail a call.

    talk         one conversation over a server's pipes
    reading      what servers say of their tools and of results, read tolerantly and bounded
    approvals    what a person has approved, by hash
    bucket       how often somebody may call
    introducing  asking a server what it has
    foreign      the kit of all servers that one role may use
"""
