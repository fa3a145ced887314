"""Language models: asked over the wire, within a budget, with an outcome for everything that happens.

Law: the gateway is the only object that holds a model's key, and it interprets nothing that it passes
on. No call leaves before its greatest possible cost is reserved on disk; nothing that is read has more
time or room than was set; every end of a call is an answer or a named trouble.

    conversation  what is asked and answered, whatever the provider
    routes        which provider and model stands behind a name, and the key: one 0600 file
    prices        what tokens cost, as dated data, and the most that a call can cost
    windows       how much a model reads at once, as dated data
    ledger        reservations and spending, durable
    events        server-sent events from bytes
    decoding      what both protocols share in reading answers
    messages      the Anthropic Messages protocol
    completions   the protocol that OpenAI began and many speak
    reckoned      what the protocols share that only agents speak
    responses     what agents speak that are made for OpenAI
    generating    what agents speak that are made for Gemini
    dialects      all, as the gateway needs them
    trouble       everything that can go wrong, and what to do about it
    breaker       stops asking who does not answer
    parking       who asked us to wait, and until when
    passing       what agents ask that speak a protocol by themselves
    patience      the deadlines around a stream
    recordings    answers kept by the content of what was asked
    transport     the only module that knows httpx
    gateway       puts it together
"""
