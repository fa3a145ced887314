"""Reviewers and testers that ask a model: claims about a change, and what they come to when executed.

Law: a model claims, a sandbox decides. It is shown the task, the change and how the suite fared, never a
word of the author's. A claim counts when its check was executed and failed, or as a note for the human
when the line it quotes is there; every other is dropped. An answer that cannot be had is no verdict.

    showing    what a model is shown of a change
    claims     the forms in which it answers, and what of them can be held against the tree
    probes     a claim's check, executed on the base and on the change
    critics    the reviewer and the tester
    prompts    what they are told, in files with versions
"""
