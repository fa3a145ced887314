"""Testers and reviewers: three checks that look for the bug by different methods.

Law: a check sees trees and sandboxes, never the writer's words about its work. Its verdict rests on
what it executed itself, and its evidence comes out the same when it is executed again.

    runs         how long its runs may take, and how their reports are known
    together     runs that need nothing of each other, a few at the same time
    tester       the suite on base + patch, against the base, by test id
    newness      a test of the change that fails without it
    static       what a compiler, a linter and the diff itself say
    behaviour    what passing tests observe of the changed functions, before and after

    guard        patches that reach for the tests or their runner instead of the bug
    intrusions   the part of it that reads code
    places       the part of it that reads paths
    diffs        what a diff shows by itself
    manifests    what a project says that it is built from
    dependencies what of that is new, and who asked for it
    compiling    does the target's interpreter accept the changed files
    lint         what a linter says of them that it did not say before
    baseline     the suite on the base, twice, to know which ids flicker
    comparison   two runs of a suite, id by id
    functions    which functions a change touches
    observations what tests observed of them, before and after
    conditions   new conditions of a change, and the change without each of them
    earning      which of them no test misses
    reach        changed statements that nothing has executed
    likeness     changed code that knows its tests by heart
    tables       answers that a repair lists one by one
    handling     errors that changed code raises no more, or swallows
    edition      by what the checks are known from others
    answers      the form in which every check answers
    voters       who answers for each check
"""
