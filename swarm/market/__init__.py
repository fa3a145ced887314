"""Who tries what next, and when nobody should.

Law: pure. No clock, no I/O, no memory between two clearings, no dice but those that a seed makes. Every number that leaves
this package is an integer (micro-USD, parts per million, seconds) and is recorded in the clearing, so
that a fold of the journal never computes one again. The order in which tasks and bids arrive changes
nothing.

The market is optimal search with verification (Weitzman, Econometrica 47, 1979), not a beauty contest:
try, verify, escalate, stop. The value of a task is what the buyer says it is worth; to make a task that
waits more urgent, let that value grow.

    index         what beginning with one bid is worth against every other way to go on
    difficulty    how hard a task is, as a distribution
    skill         how good an agent is, as a distribution; Bayes' rule on it
    learning      what verified outcomes teach, about agents and about their classes
    belief        how much less likely the others become when one has failed
    judging       what one clearing makes of claims and quotes, by experience
    continuation  what a task is worth when a given bid is tried first
    touch         which tasks may be worked on at the same time
    flow          the best assignment of tasks to agents, under capacities
    allocation    the same under conflicts and a common budget
    rules         fixed orders to compare the market with
    clearing      tasks and bids in, awards and refusals with reasons out
    explanation   a clearing in sentences
    ledger        double entry: budgets, escrows, bills, credits
    pivot         what foreign principals are paid, for claims as reported
    verification  canaries, which checks to buy, who checks
    matrix        recorded outcomes of many agents at many tasks, read from text
    replay        other rules over clearings on record, by the market's own model
    contest       rules over the same recorded outcomes, with the same dice; the marks of hindsight
    worlds        made-up outcomes, where the market's picture of the world is wrong
"""
