"""Program repair without a model: search for a small change that turns the failing tests green.

Law: a step is one stage of search, and its result holds all that is needed to go on from there.
What is tried, and in which order, depends on the sources and on what was observed while the tests
ran, never on chance; only how far a stage comes in its time does.

    engine      the port's shell: decide the next stage, do it, tell the caller
    progress    what is known so far: the result of a step, and what to do next
    selection   which tests speak about a change, and which files may be changed
    suspicion   how likely each line is to be wrong, from which tests run it
    dispatch    a request to the worker and its answer, over a sandbox's standard streams
    patches     text edits, and how they read
    weighing    what comparing plausible patches by their behaviour says for and against each
    prior       how much the kind of a change alone says against it
    offers      what each strategy asks and promises
    worker      the half that runs inside the target's interpreter
"""
