"""The words of swarm: ids, money, contracts, bids, evidence, ballots, facts, events, errors.

Law: values only. No clock, no randomness, no I/O; nothing here imports another package of swarm.
Ids and times are given to these values, never made by them.

    names       ids and hashes, each a type of its own
    money       integer micro-USD and probabilities in parts per million
    frozen      the base of everything that is stored or crosses a border
    canonical   the one byte form of a value, and its hash
    syntax      Python's text as a tree
    errors      what went wrong, sorted by what to do about it
    changes     what differs between two trees
    leavings    what tools leave in a tree beside the work
    goals       what a person asked for
    tasks       contracts, attempts, steps
    bids        agents' cards and standing curves
    evidence    results that were executed here
    ballots     subjects, votes, policy, certificate
    facts       statements about a repository
    events      the catalogue of everything that can have happened
"""
