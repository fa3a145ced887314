"""Settings: one frozen value, read once, with the origin of every part of it.

Law: settings come from the command line, the environment, the state folder and the user's own
configuration folder; never from the repository that is worked on, whose files are anybody's text.
What is unknown or out of range is refused by name; nothing is guessed, nothing ignored.

    model     every setting: its unit, its range, its default
    purposes  other models for planning and reviewing
    servers   others' servers of tools, one section each
    sections  reading sections that are named by whom they are about
    sources   where values come from, and which one counts
"""
