from swarm.actors.attendance import Attendance
from swarm.actors.course import Course
from swarm.actors.ports import Entry
from swarm.domain.names import GoalId, HostId
from swarm.testing.coordination import a_world, drive

GOAL = GoalId("g-000001")
ONE, OTHER = HostId("planning#1"), HostId("writing#1")


def an_entry(host: HostId) -> Entry:
    return Entry(host, host.split("#")[0], "here", ())


def an_attendance(*hosts: HostId) -> Attendance:
    attendance = Attendance(frozenset({"planning", "writing"}))
    attendance.see(tuple(an_entry(host) for host in hosts), now=5.0)
    return attendance


def test_it_is_complete_when_all_who_are_expected_have_told() -> None:
    attendance = an_attendance(ONE, OTHER)
    attendance.hear(ONE, {GOAL: ""})
    assert not attendance.is_complete(GOAL, waited=False)
    attendance.hear(OTHER, {GOAL: "no interpreter"})
    assert attendance.is_complete(GOAL, waited=False)


def test_after_the_wait_those_who_came_have_to_do() -> None:
    attendance = an_attendance(ONE)
    assert not attendance.is_complete(GOAL, waited=True)
    attendance.hear(ONE, {GOAL: ""})
    assert attendance.is_complete(GOAL, waited=True)


def test_who_falls_silent_is_waited_for_from_then_on() -> None:
    attendance = an_attendance(ONE, OTHER)
    attendance.see((an_entry(ONE),), now=60.0)
    assert attendance.whole_at == 5.0
    attendance.see((an_entry(ONE), an_entry(OTHER)), now=70.0)
    assert attendance.whole_at == 70.0


def test_nobody_can_work_on_a_goal_only_when_nobody_who_is_there_can() -> None:
    attendance = an_attendance(ONE, OTHER)
    attendance.hear(ONE, {GOAL: "no interpreter"})
    assert attendance.why_nobody(GOAL) == "no interpreter"
    attendance.hear(OTHER, {GOAL: ""})
    assert attendance.why_nobody(GOAL) == ""


def test_what_a_host_says_again_is_no_news() -> None:
    attendance = an_attendance(ONE)
    assert attendance.hear(ONE, {GOAL: ""})
    assert not attendance.hear(ONE, {GOAL: ""})


def test_a_host_is_replaced_by_its_own_later_start_alone() -> None:
    attendance = an_attendance(ONE, HostId("writing#2"))
    assert attendance.is_replaced(OTHER)
    assert not attendance.is_replaced(ONE)
    assert not attendance.is_replaced(HostId("reviewing#1"))


def test_a_lease_that_is_not_yet_on_the_disk_does_not_run_out() -> None:
    world = a_world()
    drive(world, until=lambda state: any(state.live()))
    attempt, course = next(world.state.live()), Course.begun(world.state, 0.0)
    assert not course.has_run_out(attempt, 10**9)
    course.renew(attempt, 5.0)
    end = 5.0 + attempt.duration_ms / 1000
    assert (course.has_run_out(attempt, end), course.has_run_out(attempt, end + 1)) == (False, True)


def test_while_nothing_can_go_on_neither_goal_nor_leases_run_out() -> None:
    world = a_world()
    drive(world, until=lambda state: any(state.live()))
    attempt, course = next(world.state.live()), Course.begun(world.state, 0.0)
    before = course.time_up
    course.stand_still(world.state, 100.0, 1000.0)
    assert course.time_up == before + 100.0
    assert not course.has_run_out(attempt, 1000.0 + attempt.duration_ms / 1000)
