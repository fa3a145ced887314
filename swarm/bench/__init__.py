"""Measuring swarm on small repositories whose right answers are known.

Law: who works never sees what judges. Hidden tests and solutions stay outside of the repository that
is worked on, and the visible tests are put back before anything is judged.

    tasks         a task: files, goal, hidden tests; reading a folder of them
    quixbugs      tasks made of an unpacked copy of the QuixBugs programs
    repositories  a task as a git repository
    judging       what a result was worth: solved, partial, wrong, refused, error
    examination   visible and hidden tests on a result, in a sandbox
    running       one task after the other: make, run, examine, judge
    logs          rows kept as they come, to go on with later
    tables        the outcome as text and as JSON
"""
