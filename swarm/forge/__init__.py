"""Where issues and pull requests live, and the one part of swarm that writes there.

Law: the publisher is deterministic code without a model; what it says was decided before, and it
checks that again. It looks whether an effect exists before it acts, so that it may be called again
after a crash at any point. Nothing here can merge. Text that agents or strangers wrote reaches a
pull request only through `body`, which takes from it every power that a forge gives to text.

    port       what a forge is; requests and answers
    local      the embedded forge: a database in the state folder
    wording    text from agents, made harmless
    body       title and body of a pull request, from values
    publisher  branch, then pull request, once
"""
