"""The databases and queues that tests expect, inside the sandbox that the tests run in.

Law: no service of a repository's ever runs, and nothing of its data is ever interpreted, outside of a
sandbox. What is in a service at first is made once, in a sandbox of its own, and kept as a sealed
directory named by a hash of all that it was made from; nobody changes it. Every sandbox shows it
copy-on-write and runs a server of its own over it, on the usual port of a network of its own. What a
sandbox's checkpoint holds, the service's data are part of; what is rolled back, they go back with.

    programs    finding the servers: the system's own, or those that come in wheels
    plan        what one service needs, as a value: argvs, folders, variables
    postgres    PostgreSQL as a plan, and its traps
    redis       Redis as a plan
    custom      any other program as a plan
    sealing     taking a folder out of a sandbox, as an enemy's
    store       sealed directories, made once and reused
    seeding     making one: start, seed, stop, seal
    running     starting, watching and stopping servers in a sandbox
    served      a sandbox whose services are there before every command
    wanted      what is declared, or what a CI starts
    services    from what is wanted to what a sandbox needs to show and run
"""
