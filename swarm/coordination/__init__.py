"""The rules of goals, tasks and leases: what may happen, and what must happen next.

Law: pure. No I/O, no clock, no randomness; times and ids are arguments. `decide` may refuse a
command, `evolve` may refuse nothing, and the state is the fold of the events alone.

    state       what a goal, a task and an attempt are at one moment
    commands    what people and agents may ask for
    decide      command -> events, or a refusal; answers for late, repeated and lost messages
    evolve      event -> state
    returning   going back to a step, and beginning another goal there
    rebuilding  all goals from all events, after a start
    replacing   how a state is copied with changes, quickly
    progress    what follows by itself: announcing, checking, voting, ending
    awards      what the market clears: open tasks, free capacities, leases
    worth       what a task is worth by now; goals that cannot be afforded as a whole
    purchasing  which checks a submission gets, by what they may find
    accounts    the books of all goals, as a projection
    lessons     what the market learns from outcomes, across goals
    durations   how long an attempt may take, and checks when the goal's time is up
    duties      what the shell has to do outside: join trees, publish
"""
