"""A model in a loop: it is told a contract, uses tools in the sandbox, and submits.

Law: everything that a later turn needs is in the steps, so whoever takes over goes on behind the last
one. What the model says decides nothing by itself: tools check every argument, money and steps are
bounded, and a submission is only a claim that others test. What tools and repositories say is data.

    engine      the loop, behind the engine's port
    session     one contract, one sandbox, and what was said so far
    record      what a step keeps of its turn
    transcript  records as a conversation; what is old is shortened, what is agreed never
    prompts     what the model is told, in files with versions
    telling     the contract and the repository in words
    toolbox     which tools there are, and who may use them
    others      others' tools beside our own
    tools       what each tool does in the sandbox
    places      which paths are named, and which are refused
    editing     exact replacement
    shell       a shell whose place and variables stay
    trimming    long text, without its middle
    stuck       whether anything still happens
    judging     what is looked at before a submission leaves
    habits      the project's own linters and formatters
    reading     a model that only looks, and answers with one call
    offers      what a model asks and promises
    room        what its window leaves for a task, and what it therefore does not bid for
"""
