"""The command line: the way in for people.

Law: no business logic. A command reads its options, asks the packages below, and shows what they
say. What is shown is a pure function of the journal's fold; what is done is a command left in the
inbox. Starting is cheap: the modules with signatures import typer alone, everything else is imported
by the command that needs it.

    app          the commands and their panels; options and help, nothing else below them
    everyday, more, inside, sandbox      signatures, by panel
    options      options that several commands share
    failing      errors as three lines, and exit codes
    session      state folder, settings, consoles and clock of one call
    watching     the journal, read as it grows
    orders       commands left for the coordinator, and their echo in the journal
    starting, running      goals from words; following them to their end
    keeping, screens       the coordinator's process; where a run is shown
    proposals, records     what the journal holds beside events; what each agent has done
    words        texts made harmless, amounts, durations
    standing     what a goal is at, and what it waits for
    lines        one event as one line
    overview, page, ending, live      what a terminal shows
    environment  what a repository's tests run with, shown and built
    documents    the same as JSON
    attacking, entering    attacks on a sandbox; a shell in one
    walls        what goes on without a sandbox, and says so
    looking, pulls, chronicle, proving, cleaning, health, estimating, measuring, serving, showcase
                           the other commands' work
"""
