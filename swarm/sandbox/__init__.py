"""Copy-on-write worlds to work in.

Law: what runs in a sandbox is hostile. It never runs as root, never sees the host's files, processes,
network or environment, and never outlives its command, its sandbox or its supervisor; what comes out
of it (answers, names, bytes) is read as an enemy's. Weaker isolation than was asked for is an error,
never a fallback. The modules marked * run outside of the supervisor, in an interpreter started with
`-I -S`: standard library only.

    port          what a sandbox is to everybody else
    host          makes sandboxes of one mode, and ends them
    modes         the kinds of walls: what each holds and loses, and what it may be used for
    probing       which of them can be built here, found out by building them
    holding       what one sandbox holds on disk, and how that becomes a checkpoint
    checkpoints   what is kept of sandboxes that end, and what dead supervisors left
    settling      forces checkpoints to disk
    archive       a checkpoint in one file
    isolated      modes `idmapped`, `namespaces` and `shared-proc`: folders and the request for one
    users         who runs the sandboxes that root makes
    confined      mode `landlock`: the same for a copy behind rules
    worktree      mode `unsafe-worktree`: the same for a plain copy
    layout        what an isolated sandbox shows where
    limits        the limits as the kernel's and the watchdog's
    groups        what the kernel bounds for all of a sandbox
    profiles      what a role may do, and what that weakens
    network       which hosts may be reached: rules
    proxy         the one way out to them
    accepting     connections of one listening socket
    box           a sandbox as its supervisor holds it
    wrapping      a sandbox around another one
    command       one command in it, from its start to its end
    terminal      somebody's terminal, connected to a command
    relay *       the terminal inside
    attacks       all that was thought of to break out, to be tried on this machine
    output        what is kept of a command's output
    channel       requests, and answers on a socket of their own
    launch        the supervisor's end of the zygote
    ahead         the supervisor's end of a sandbox that is half made
    zygote *      the process that all sandboxes are forked from
    spares *      a sandbox that is half made before anybody asks
    inside *      how a process in its own namespaces becomes a sandbox's server
    renewal *     shows other layers in a sandbox that goes on
    view *        mounts the world, and makes it the root
    confinement * closes a process in where no namespace can be had
    landlock *    rules about files, ports and processes
    server *      process 1 of a sandbox: runs, stops, reads, writes
    starting *    how a process becomes a command
    chain *       calls in a child that borrows memory instead of copying it
    watchdog *    bounds that the kernel does not hold by itself
    quota *       what was written to disk
    blocked *     what tried to reach the network
    seccomp *     the system calls that are refused
    kernel *      system calls that the standard library lacks
    wire *        messages and descriptors
    tree *        files below a directory that an enemy may be changing
    layers        sealed directories over one another, read as one
    copying       copies of what is hostile, and cheap ones of what hardly changed
    differences   what differs from the base
    folders       where files are, and what dead supervisors left
    interpreter   what has to be shown for a Python to run
    remedies      why the kernel refused, and what helps
    doctor        finds out by doing it
"""
