import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.ballots import Ballot, Certificate, Policy, Subject, Voter
from swarm.domain.evidence import BlockedConnection, Evidence
from swarm.domain.names import (
    AgentId,
    AttemptId,
    CommitHash,
    Digest,
    GoalId,
    Principal,
    PublicKey,
    TaskId,
    TreeHash,
)
from swarm.domain.tasks import DEPENDENCY, Finding
from swarm.forge.body import MOST_BROUGHT, ROWS, TITLE
from swarm.forge.port import LONGEST_BODY
from swarm.forge.public_api import (
    Account,
    AttemptAccount,
    AwardAccount,
    SandboxAccount,
    TaskAccount,
    body,
    title,
)

HOSTILE = '<script>@all fixes #1</script>\u202e</details>\n\n# Big ![x](https://evil/?secret) "|" `'


def a_certificate() -> Certificate:
    key = PublicKey("a" * 64)
    policy = Policy(
        threshold=1,
        testers=1,
        roster=(
            Voter(
                agent_id=AgentId("tester-1"),
                principal=Principal("me/suite"),
                role="tester",
                family="suite",
                public_key=key,
            ),
        ),
    )
    subject = Subject(
        goal_id=GoalId("g-abcdef"),
        contract=Digest("c" * 64),
        action="open-pull-request",
        repository="/r",
        base=CommitHash("1" * 40),
        tree=TreeHash("2" * 40),
        policy=policy.hash,
        round=1,
    )
    ballot = Ballot(
        voter=AgentId("tester-1"),
        public_key=key,
        role="tester",
        subject=subject.hash,
        choice="yes",
        evidence=Digest("e" * 64),
        event="{}",
    )
    return Certificate(
        subject=subject, policy=policy, authors=(Principal("me/repair"),), ballots=(ballot,)
    )


def an_account(text: str = "Fix the page count", **others: object) -> Account:
    task = TaskAccount(
        task_id=TaskId("g-abcdef.t1"),
        title=text,
        outcome="accepted",
        attempts=(
            AttemptAccount(
                attempt_id=AttemptId("g-abcdef.t1.a1"),
                agent_id=AgentId("repair-1"),
                strategy="operators",
                outcome="accepted",
                cost=1200,
            ),
        ),
    )
    award = AwardAccount(
        task_id=task.task_id,
        agent_id=AgentId("repair-1"),
        price=1200,
        probability=350_000,
        bids=3,
    )
    account = Account(
        what=text, why=text, tested=text, unsure=text, cost=1200, seconds=61,
        tasks=(task,), awards=(award,), certificate=a_certificate(),
    )  # fmt: skip
    return account.model_copy(update=others)


def test_five_lines_come_first_and_everything_else_is_folded() -> None:
    text = body(an_account())
    heads = re.findall(r"^- \*\*(.+?)\*\*: (.+)$", text, re.MULTILINE)
    assert [name for name, _ in heads] == ["What", "Why", "How tested", "Not sure", "Cost"]
    assert heads[4][1] == "$0.0012, 61 s"
    before, *folded = text.split("<details>")
    assert len(before.strip().splitlines()) == 5
    names = [re.match("<summary>(.+)</summary>", each) for each in folded]
    assert [name and name.group(1) for name in names] == [
        "Tasks and attempts", "Ballots", "Market", "Certificate",
    ]  # fmt: skip


def test_the_body_states_walls_limits_and_who_wanted_out() -> None:
    sandbox = SandboxAccount(
        mode="namespaces",
        limits={"memory_bytes": 2 << 30, "wall_ms": 600_000, "cpu_seconds": 600, "processes": 256},
    )
    tried = BlockedConnection(host="packages.example.org", port=443, command="pytest -q", count=3)
    named = BlockedConnection(host="registry.example.org", port=53)
    text = body(an_account(sandboxes=(sandbox,), blocked=(tried, named)))
    assert (
        "- **Tried to reach the network**: 2 refused, packages.example.org port 443 first, while this"
        " ran: pytest -q\n" in text
    )
    folded = text.split("<summary>Sandbox</summary>")[1].split("</details>")[0]
    for row in (
        "| mode | namespaces |",
        "| limit of memory | 2048 MiB |",
        "| limit of wall time | 600 s |",
        "| limit of cpu time | 600 s |",
        "| limit of processes | 256 |",
        "| packages.example.org | 443 | 3 | pytest -q |",
        "| registry.example.org | its address was asked for | 1 |  |",
    ):
        assert row in folded
    assert "- **Sandbox**" not in text


def test_weak_walls_are_said_before_everything_is_folded() -> None:
    weak = SandboxAccount(mode="shared-proc", unheld=("Processes were listed.",))
    text = body(an_account(sandboxes=(weak,)))
    first = text.split("<details>")[0]
    assert "- **Sandbox**: shared-proc is not a whole one. Processes were listed." in first
    assert "| not held | Processes were listed. |" in text
    assert "Nothing was seen that tried to reach the network." in text


def test_what_a_change_brings_in_stands_at_the_top() -> None:
    found = [
        Finding(
            rule=DEPENDENCY, message=f"new dependency {HOSTILE} b{n}", path="go.mod", blocks=False
        )
        for n in range(MOST_BROUGHT + 3)
    ]
    evidence = Evidence.model_validate(
        {"kind": "static", "base": "1" * 40, "tree": "2" * 40, "argv": (), "environment": "e" * 64}
        | {"sandbox_mode": "none", "limits": {}, "outcomes": (), "base_outcomes": (), "targets": ()}
        | {"voided": (), "tools": {}, "findings": found, "verdict": "yes"}
    )
    told = body(an_account(evidence=(evidence, evidence)))
    top = told.partition("<details>")[0]
    assert top.count("- **Brings in**") == MOST_BROUGHT + 1
    assert "3 more, in the diff" in top
    assert "<script>" not in told


def test_what_a_sandbox_told_has_no_powers() -> None:
    tried = BlockedConnection(host=HOSTILE, port=53, command=HOSTILE)
    text = body(an_account(blocked=(tried,)))
    assert "<script>" not in text
    assert "@all" not in text
    assert "fixes #1" not in text
    assert "![x](https://" not in text
    assert text.count("</details>") == text.count("<details>")
    (row,) = (line for line in text.splitlines() if line.startswith("| &lt;script&gt;"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_why_is_the_first_lines_and_no_diff() -> None:
    why = "test_age fails:\n  assert 17 == 18\n--- a/ages.py\n@@ -1 +1 @@\n-17\n+18\n"
    (line,) = re.findall(r"^- \*\*Why\*\*: (.+)$", body(an_account(why=why)), re.MULTILINE)
    assert line == "test\\_age fails: assert 17 == 18 ..."


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (9, "9 s"), (119, "119 s"), (120, "2 min"), (121, "3 min")]
)
def test_time_is_rounded_to_minutes_only_when_there_are_some(seconds: int, told: str) -> None:
    assert f"- **Cost**: $0.0012, {told}\n" in body(an_account(seconds=seconds))


def test_the_body_names_the_certificate_and_what_it_covers() -> None:
    certificate = a_certificate()
    for each in (certificate.hash, certificate.subject.tree, certificate.subject.base):
        assert each in body(an_account())


def test_a_partial_result_says_so_and_lists_what_is_open() -> None:
    account = an_account(partial=True, still_open=("Fix dates", "@all"))
    assert title(account) == "[partial] Fix the page count"
    assert "Still open:\n- [ ] Fix dates\n- [ ] \uff20all" in body(account)


@pytest.mark.parametrize("field", ["what", "why", "tested", "unsure"])
def test_hostile_text_has_no_effect_wherever_it_stands(field: str) -> None:
    harmless, text = body(an_account()), body(an_account(**{field: HOSTILE}))
    assert re.findall("<.*?>", text) == re.findall("<.*?>", harmless)
    assert len(text.splitlines()) == len(harmless.splitlines())
    assert re.search(r"@|#\d|://|\u202e", text) is None


@given(st.text(max_size=60), st.sampled_from(["what", "why", "tested", "unsure"]))
def test_no_text_changes_what_the_body_is_made_of(text: str, field: str) -> None:
    made = body(an_account(**{field: text}))
    assert re.findall("<.*?>", made) == re.findall("<.*?>", body(an_account()))
    assert len(made.splitlines()) == len(body(an_account()).splitlines())


def test_hostile_names_break_no_table() -> None:
    harmless, text = body(an_account()), body(an_account(HOSTILE))
    assert re.findall("<.*?>", text) == re.findall("<.*?>", harmless)
    bars = [
        [len(re.findall(r"(?<!\\)\|", line)) for line in each.splitlines()]
        for each in (harmless, text)
    ]
    assert bars[0] == bars[1]


@given(st.text(max_size=400))
def test_a_title_is_one_short_line(text: str) -> None:
    made = title(an_account(text, partial=True))
    assert made.startswith("[partial] ")
    assert len(made) <= TITLE
    assert len(made.splitlines()) == 1


def test_a_goal_without_words_still_has_a_title() -> None:
    assert title(an_account("")) == "Change"


def test_a_long_story_stays_below_the_forges_limit() -> None:
    (task,) = an_account("`" * 500).tasks
    account = an_account(
        "`" * 9999, tasks=(task,) * 1000, still_open=("`" * 999,) * 1000, partial=True
    )
    assert len(body(account)) < LONGEST_BODY
    assert f"and {1000 - ROWS} more" in body(an_account(tasks=(an_account().tasks[0],) * 1000))


def test_the_same_account_gives_the_same_body() -> None:
    assert body(an_account()) == body(an_account())


def some_evidence(**told: object) -> Evidence:
    return Evidence.model_validate(
        {
            "kind": "suite",
            "base": "1" * 40,
            "tree": "2" * 40,
            "argv": (),
            "environment": "f" * 64,
            "sandbox_mode": "isolated",
            "limits": {},
            "outcomes": ({"test": "command", "outcome": "passed"},),
            "base_outcomes": (),
            "targets": (),
            "voided": (),
            "tools": {},
            "findings": (),
            "verdict": "yes",
            **told,
        }
    )


def test_tests_that_were_added_are_named_with_what_they_show() -> None:
    brought = (
        {"test": "tests/test_a.py::test_x", "without": "failed"},
        {"test": "tests/test_a.py::test_y", "without": None},
        {"test": "tests/test_a.py::test_idle", "without": "passed"},
    )
    evidence = (some_evidence(brought=brought), some_evidence(kind="static"))
    (line,) = [x for x in body(an_account(evidence=evidence)).splitlines() if "Tests added" in x]
    assert line == (
        r"- **Tests added**: tests/test\_a.py::test\_x, tests/test\_a.py::test\_y fail without the"
        r" change and pass with it; tests/test\_a.py::test\_idle passes without it too"
    )
    assert "Tests added" not in body(an_account(evidence=(some_evidence(),)))


def test_of_many_tests_the_first_are_named_and_none_says_more_than_its_name() -> None:
    brought = tuple({"test": f"{HOSTILE}{number}", "without": "error"} for number in range(20))
    text = body(an_account(evidence=(some_evidence(brought=brought),)))
    assert "and 14 more fail without" in text
    assert "<script>" not in text


def test_what_a_command_tells_of_its_tests_is_said_to_be_its_own_words() -> None:
    told = some_evidence(printed={"passed": 11, "skipped": 1})
    assert "| 11 of 12, as the command tells |" in body(an_account(evidence=(told,)))
