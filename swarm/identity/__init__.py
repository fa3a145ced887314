"""Who says so: keys of agents, signatures, and their verification.

Law: a secret key is in its file and in a `Signer`, and nowhere else: not in a representation, not in
a pickle, not in a message. What comes from outside is verified or Rejected, whatever it is.

    keys          key files of one state folder
    signing       what a key can do
    events        what a verified event is
    verification  checking events and signatures, pure
    nostr         the only module that knows nostr-sdk, imported at the first signature
"""
