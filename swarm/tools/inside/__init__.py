"""Code that travels into the sandbox as text and runs in the target's interpreter.

Law: standard library only (and pytest, where the target has it), Python >= 3.9, nothing of swarm is
imported, and none of these modules imports another: each is handed what it needs.

    supervisor     starts the tests' process, reads its report, sees its exit status
    channel        the tests' end of the report pipe
    pytest_run     a pytest session that reports over the channel
    unittest_run   the same for unittest
"""
