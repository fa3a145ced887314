"""The user's own agent: Claude Code, Codex, opencode or Gemini CLI, run in the sandbox with its own login.

Law: what such a program prints is an enemy's text: it is read, never believed. What it did is what the
sandbox's tree shows; how it ended is one of a few named ends, whatever it prints or fails to print; and
no run lasts longer than it has something to say. It sees the tree, a copy of its own login without what
would renew it, and its provider's hosts; nothing else of the user's.

    sightings    what a run shows, in one form for every agent
    claude_code  how Claude Code is started, and how its lines are read
    codex        the same for Codex
    opencode     the same for opencode
    gemini       the same for Gemini CLI
    makers       the agents that are known: programs, logins, hosts
    logins       the part of a login that is shown to an agent
    finding      agents on this machine: what has to be shown for them to run
    telling      the contract as a file, and what comes behind it
    lines        lines from a program's output, bounded
    running      one run of a program in the sandbox, with deadlines
    relay        a provider inside that leads to the gateway
    talk         an agent with its login, ready to be run
    ends         what is made of an end that is none
    quota        windows of a subscription as capacity with a price
    record       what a step keeps
    course       one contract: sightings to steps
    engine       puts it together, behind the engine's port
    offers       what such an agent asks and promises
    room         what its own instructions leave of a window, and what it therefore does not bid for
"""
