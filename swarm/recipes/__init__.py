"""What a repository needs before its tests can run, and environments built from that.

Law: a recipe is read from the files of a commit and executes nothing; each part of it names the file
and the line that it comes from. What is built from it is built in a sandbox, by programs that anybody
may have written: on the host nothing of a built environment is ever run, and nothing that it says of
itself is believed. The same files, platform and interpreter have the same key.

    recipe       what is needed, and why
    reading      files of a commit: bounded, never through a link that leads out
    detection    a recipe from all that follows
    pyproject    the tables of pyproject.toml
    classic      setup.cfg, setup.py, requirements and Pipfile
    locks        locks as requirements and constraints, with their hashes
    requirements one requirement: its name, the host it comes from, versions as others write them
    scripts      commands that a project writes down: workflows, tox, nox, make
    invocations  what such a command says: installs this, tests like that
    toolchains   Node, Go and Rust, recognised
    wanted       databases and queues that tests expect
    overrides    `[environment]` in the repository's swarm.toml
    versions     which versions a specifier admits
    carried      ignored files that the tests need all the same
    interpreters Pythons on this machine
    indexes      where packages come from, and what of that is secret
    relaying     an index with a password, served to builds without it
    store        built environments on disk, by key
    plan         a recipe as commands
    bytecode     compiled once, so that sandboxes that only read need not
    build        carrying them out in a sandbox, and sealing what came of it
"""
