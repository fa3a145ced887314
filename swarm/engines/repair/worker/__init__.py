"""The half of the repair engine that runs inside the target's own interpreter.

Law: standard library only, Python 3.9 and later, pytest 7 and later. Nothing here is imported by
the other half; the sources travel as text over standard input and live in memory alone, under the
package name `_swarm_repair`, so that no file of theirs appears in the tree and a repository that
has a package `swarm` keeps its own.

    bootstrap      the text given to `python -c`: makes the other modules importable
    main           one request in, one answer out
    suite          the collected tests, and running one of them
    keeping        the project's files, put back when tests have changed them
    children       forked children with limits: a candidate can hang, exit or fork and harm nobody
    tracing        which lines each test runs
    elsewhere      which lines run in processes that a test starts
    instrumenting  functions that tell what their expressions were
    control        which conditions decide over suspicious lines, and how much stands in a line
    flowing        from where values came to the place of the failure
    experiments    a failing test run with one small change after the other
    probing        which lines have a say in the failure, or mend it, by changing them
    observing      which types expressions and variables have
    sources        files as text with syntax trees, and spans between the two
    snippets       expressions as text, with parentheses where they are needed
    scopes         which names can be used where
    module_level   how suspicious code is that no test runs
    candidates     one proposed change, and the order in which they are tried
    drafts         the drawing board on which the strategies put their candidates
    templates      candidates: small slips undone in place (expressions, calls, ordering, formats,
                   guards, holes, nothing, filling, statements, kinship), once or at every place of a
                   statement (siblings); names that are gone (drift)
    homes          what installed modules and classes have to offer
    donors         candidates: code that stands elsewhere in the project
    synthesis      candidates: expressions built to fit observed values (proposals)
    patching       candidates as code objects put into live functions
    search         trying candidates in forked children
    shares         a round on several processors
    tallies        what a round found
    cold           trying those that need the project imported afresh
    neighbours     inputs that are a step away from an input
    comparing      what plausible patches do where no test looks
    rechecking     what patches that pass some tests do to others
    pinning        a call that shows what a patch has mended
    finding        one round of search, from the request to the answer
"""
