"""How often the tester and the reviewers err: planted changes of real libraries, through `swarm check`.

    recipes       what a planted change is: edits of a fetched source, and whether it is right
    inflecting    changes of inflection          (looked at while the checks were developed)
    numerals      changes of roman               (looked at while the checks were developed)
    formats       changes of parse               (held out at first, then looked at)
    dates         changes of isodate             (held out: written before, measured after)
    versions      changes of semver              (held out)
    planted       the runner: one line of JSON a change, to be gone on with; and the table

Nothing of a library is kept here but the lines that an edit names. A bad change is one that a person
would turn down: it passes the tests that it was shown, or bends them, and the program is still wrong.
"""
