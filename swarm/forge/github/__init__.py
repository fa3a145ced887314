"""GitHub behind the port of `swarm.forge.port`, over githubkit.

Law: every call that can be made stands in `calls`, and merging is not there. Each effect has a name
that is found again (a branch has one pull request, a comment carries a mark, a label is a word), so
each is looked for before it is made; what is not known (a time-out, a server's error) is never taken
for "no". Nothing is tried again here: whoever calls is told when to call again. What is read is read
tolerantly, what strangers wrote is data.

    calls      all calls there are
    app        tokens of a GitHub App, for one repository
    wire       one call: pace, entry tags, errors in swarm's words, a dry run
    reading    what we need of GitHub's answers
    forge      pull requests, as the port wants them
    board      what people see on the way: comment, labels, status
    approval   who has approved which text. Pure
    text       titles and bodies of strangers: shown to people, cleaned for agents
    intake     approved issues
    rights     who may write
    outcome    what has become of a pull request: merged, closed, checks, reviews
    safety     what stands between a mistake and the default branch
"""
