"""What agents think with.

Law: an engine sees a contract, a base run and a sandbox, and nothing else: no journal, no secrets,
no forge. It yields steps, then exactly one end, and each step's result is all that is needed to go
on from there.

    port     what an engine is to the agent that hosts it
    model    a language model in a loop, over tools in the sandbox
    context  a repository as a model sees it before it looks
    cli      the user's own agent, as a program in the sandbox
    acp      any agent that speaks the Agent Client Protocol
    repair   search-based program repair, without a model
"""
