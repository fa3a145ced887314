"""Attacks on the sandbox, as a product: what hostile code may try, tried on this machine.

Law: an attack is harmless should it succeed. It reads what was planted for it, signals what was
started for it, takes bounded room for bounded time, and undoes what it did. And an attack that
cannot succeed shows nothing: where it is harmless, the same program is also run in a place with
fewer walls, its control, and has to get through there.

The modules marked * run inside of what is attacked, and arrive there as text, because nothing of
ours is shown inside: standard library only.

    definition    an attack, the ways to try it, what is expected of each mode, and what came of it
    catalogue     all attacks, by number
    arena         a sandbox to attack, and on the host what it must not reach
    trial, attacking      try attacks in an arena; in one call
    bundle        the programs as text, and what they answer
    table         what is expected, attack by mode, as the documents show it
    walls         what several attacks are expected to meet where there are fewer walls
    files, processes, kernelside, networks      chapters of programs that run inside
    takings, bounds, lasting, proxying          chapters of ways that need somebody outside
    bare *        a place without walls but that of a throw-away user namespace
    attempts *    runs ways one after the other, each in a process of its own
    calls *       system calls by number
    on_files *, on_processes *, on_kernel *, on_network *, on_room *, on_plants *      the programs
"""
