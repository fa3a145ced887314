"""Git: swarm's own bare mirror of each user repository, and one branch at the end.

Law: this is the only package that runs the git program, and all of it goes through `program`; only
`loose` writes into a git directory, swarm's own, without it. The
user's repository is read, and written only to create one branch; nothing here has a code path that
merges or forces, and no branch is moved but ours at a forge, forward over our own commits. Git never runs on a git directory that an agent could write:
agents see plain files, and what they did comes back as `Changes`.

    program      runs git: argv lists, no hooks, no user configuration, time-outs
    refusals     git's complaints in swarm's five errors
    inspection   what a user's repository is, before anything is begun
    surroundings what lies around the commit in the user's work tree: ignored files, tags
    paths        which file names may go into a tree
    trees        entries of a tree; a tree plus changes; changes between trees
    loose        objects and refs of the mirror, written without a process
    files        plain files of a tree: export, archive, unpacking
    joining      several patches in plan order, merged without a work tree
    people       what people name: commits, branches, patches in files
    mirror       the bare mirror: fetch, record, commit, prune
    publication  the one branch, and whether the user has merged it
    remote       the same at a forge, over HTTP; a clone to work from
    hosting      repositories that the embedded forge serves
"""
