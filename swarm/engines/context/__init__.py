"""A repository as a model sees it before it looks: what is defined where, and what uses it.

Law: files are read and parsed in the sandbox, never here; what comes back is bounded, and data. A name is
resolved through imports: two functions of one name in two files are two. What changes is read anew, the
rest is remembered.

    entries    what is known of one file
    scanning   the port behind which files are read, and what was read before, by the hash of its bytes
    grammars   the languages that are known, and what a sandbox has to show for them
    queries    what is a definition in each, what an import
    inside     the script that reads in the sandbox
    resolving  which file an import means
    atlas      all files, kept up to date; definitions and uses of a name
    ranking    which files matter for a task
    drawing    the map in words, within a budget
    examples   tests of what a task is about, by file and line
    guides     what the repository tells agents and people: AGENTS.md and its like, skills
"""
