"""The coordinator's loop, the hosts of agents, and thin shells around them for both runtimes.

Law: the classes that do the work know nothing of Ray; only `swarm.actors.ray` imports it. Clock, ids,
processes and files are held here and handed down. Journal first, effect second. There are two doors: what is
needed to hand a goal in is apart from what works and judges, which takes long to import.

    places       where things lie in the state folder
    ports        what coordinator, hosts, registry and publisher are to each other
    environments which interpreter and files a goal's tests run with
    intake       from a person's words to a goal
    inbox        commands from other processes
    coordinator  the one writer of the journal: decides, clears, gives out work
    attendance   who is there, and what each can work on
    course       one goal's clocks, beside the journal
    leasing      what an agent is handed with its lease
    office       what the coordinator does outside: trees, joins, pull requests, facts
    registry     who is there
    replicas     facts in each process, and how they meet those of others found in the registry
    knowledge    what a host's agents state and recall
    hourglass    how long a piece of work may take, pauses apart
    host         an agents' host: takes leases, works, reports
    room         a full disk is waited for
    trees        trees on a host, fetched once
    minds        which models agents may ask
    routes       the way to those models, and the keys for that
    own_agents   the user's own coding agents among the bidders
    crew         which agents a host has, and how planners and checkers carry out a lease
    writing      how writers do, step by step
    headquarters puts the coordinator together
    publishing   puts the publisher together
    assembly     puts a host together
    inline       puts it all together in one process
    doorstep     the coordinator's process, begun before it is known what for
    ray          the same as Ray actors
"""
