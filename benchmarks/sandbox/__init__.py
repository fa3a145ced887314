"""What sandboxes cost, beside what else one would do: start a program without any (`posix_spawn true`),
add a git worktree, commit, and start bubblewrap where it is installed.

    worlds      the repositories that it is measured over
    stopwatch   times, by what they were taken of
    figures     what is measured
    goals       what it should be

Times depend on the machine and on what else it does; the ratios, taken in the same run, hardly do.
"""
