"""What is known about a repository: signed facts that only grow in number, shared without a master.

Law: a fact is taken only with a valid signature over its content, under a key that is the hash of content and
signer, and once taken it never changes or goes. Facts are data, quoted to whoever asks, never instructions.
Only knowledge is kept here: money, leases, votes and tasks need one order and live in the journal.

One document (a CRDT) per repository holds one flat map, key = hash, value = canonical JSON. Flat
strings cost a quarter of the memory and a tenth of the loading time of nested maps, and come back as they
were (numbers would come back as floats). Replicas meet by state vector and are compared by content, since
equal vectors do not prove equal content.

    replica    adding, merging, saving, asking
    document   the CRDT itself; the only module that knows the library
    admission  whether an entry may stand in the map
    encoding   what an update would do, read before it is let near the document
    exchange   bringing two replicas together
    judgement  which facts are superseded, stale or disputed
"""
