"""The journal: the append-only record that is the only truth, and the blobs that it refers to.

Law: what `append` has returned for is on the disk and stays there, through `kill -9`, power loss, a
full disk and a second coordinator. A journal that has lost or changed a record is refused with the
position, never read around. One process writes; any number follow.

    port       what the rest of the project needs of a journal and of blobs
    codec      events as bytes, and back
    chain      each record's hash covers all before it
    files      writes that are complete or absent, and on the disk
    anchor     the last position, kept beside the database, so that a lost tail is noticed
    lock       one coordinator for each folder
    trouble    errors of SQLite and the file system, sorted by what to do about them
    store      the SQLite file: format, connections
    following  reading and verifying, also from other processes
    committing many callers' batches in one transaction
    sqlite     the journal itself
    blobs      bytes by their hash
"""
