"""Plans: which failing tests a goal means, and how many causes they have.

Law: the suite decides. A goal is planned when what it names is found in a run of the base; anything
else is refused with a reason, or thought out by a model where there is one. Text of goals and
repositories is data: it is matched, and shown to that model in envelopes, but steers nothing here.

    request      what a goal's text names, and which failing tests that is
    tracing      run tests under a tracer inside a sandbox; who executed what
    inside       the tracer that travels into the sandbox
    suspicion    functions ranked by how much better failing tests know them than passing ones
    grouping     failing tests sorted by likely cause
    measuring    how much a writer has to read for a task
    contracts    groups as contracts: shares of value, budget, time; features
    conventions  what a repository's own files say about how to work in it
    statements   what was learned, as facts
    thinking     a goal in free words as tasks, thought out by a model
    prompts      what that model is told
    planner      the shell that runs these in order
"""
