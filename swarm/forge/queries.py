"""The few questions for which GitHub has only GraphQL. Sent by us, and understood by the embedded forge.

REST does not tell when a text was last edited, and cannot make a draft ready for review.
"""

EDITED = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) { lastEditedAt }
  }
}"""

READY = """mutation($id: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }
}"""
