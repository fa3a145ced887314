"""The embedded forge as a server: GitHub's REST interface, as far as we use it, and git over HTTP.

Law: it refuses what GitHub refuses (a second pull request for a branch, a review of one's own work, a
label of somebody who may not triage, a push onto a protected branch), so that offline users, tests
and the demo go the way that users of GitHub go. State is in one SQLite file beside bare repositories;
heads of pull requests are read from those, never remembered. It merges nothing: people merge with git
and push, and a pull request whose commits have arrived in its base is merged, as on GitHub.

    values     accounts, repositories, tickets, comments, reviews, statuses
    store      documents of those, written through to SQLite
    world      what is there, and who may do what
    rendering  values as GitHub's JSON
    reading    what is sent to us, read strictly
    tickets    issues, comments, labels
    pulls      pull requests and reviews
    places     accounts, repositories, branches, files, statuses, checks
    queries    the few questions of GraphQL that REST has no answer to
    routes     which call is answered by what, and who may make it
    metering   calls of an hour
    app        the web application: entry tags, pages, limits, git
    hosting    it runs in a thread, or in the foreground
"""
