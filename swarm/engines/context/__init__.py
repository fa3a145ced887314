"""A repository as a model sees it before it looks: what is defined where, and what uses it.

Law: files are read and parsed in the sandbox, never here; what comes back is bounded, and data. A name is
resolved through imports: two functions of one name in two files are two. What changes is read anew, the
rest is remembered.

    entries    what is known of one file
    scanning   the port behind which files are read: today a script in the sandbox
    inside     that script
    resolving  which file an import means
    atlas      all files, kept up to date; definitions and uses of a name
    ranking    which files matter for a task
    drawing    the map in words, within a budget
"""
