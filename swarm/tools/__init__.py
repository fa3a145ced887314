"""Running a repository's tests in a sandbox, and reading what came of it; and others' tools for models.

Law: nothing of the repository runs outside a sandbox, and nothing that its code prints is believed
in its favour. Results travel over a pipe of our own, framed with a nonce, to a supervisor that is
another process than the tests' and that alone speaks to us; what is believed is that report and the
exit status which the supervisor saw.

    environment  which interpreter and which command run the tests
    interpreters asking an interpreter what it is
    commands     reading a test command as a person writes it
    suite        run a suite (or some ids of it) and read the structured result
    printed      what a plain command's output says of its tests: hearsay
    kit          what a set of tools is to whoever uses them
    servers      others' tools, over the Model Context Protocol, in sandboxes
    inside       the code that travels into the sandbox: standard library only, Python >= 3.9
"""
