"""Whether enough independent voters agree, over exactly this tree, that a pull request may be opened.

Law: pure. No I/O, no clock, no keys: signatures are checked by a `verify` callable that is handed in. The
order in which ballots arrive changes nothing, and a ballot that arrives twice counts once. What is not
properly signed by a voter of the roster, over exactly this subject, does not exist.

This is an authorised threshold vote, not consensus: one journal orders the ballots, so k valid votes are
safe against fewer than k bad voters. It counts evidence, not heads: copies of one program are one
principal, at least so many votes come from testers that executed something, and such a *no* is a veto.

    ballots      a vote as a signed event, and back
    tallying     the rule
    certificate  checking again, later and elsewhere, that the rule was met
    attestation  the certificate in the envelope that supply-chain tools know
"""
