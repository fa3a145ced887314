"""A coding agent that thinks nothing: the program that tests put in the place of Claude Code and others.

It is written to a file of its own and started as they are: prompt on standard input, documents on standard
output, in the form of one of them; or the Agent Client Protocol over both. What it does is a plan: for each
run a list of acts. Acts really happen, with whatever the program may do where it runs.

Standard library only, and nothing of ours: it runs in sandboxes, by any interpreter.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Act = Mapping[str, Any]
Emit = Callable[[Act, int, str], None]


def main(plan: Sequence[Sequence[Act]], speech: str) -> None:
    if "--version" in sys.argv:
        print("9.9.9 (a double)")  # noqa: T201
        return
    if speech == "acp":
        serve_acp(plan)
        return
    prompt = sys.stdin.read()
    acts = plan[min(_count(), len(plan) - 1)]
    speak(SPEECHES[speech], acts, prompt)


def _count() -> int:
    """Which run this is, in this home."""
    file = Path(os.environ["HOME"]) / ".runs"
    number = int(file.read_text()) if file.exists() else 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(number + 1))
    return number


def speak(emit: Emit, acts: Sequence[Act], prompt: str) -> None:
    emit({"begin": prompt}, 0, "")
    for number, act in enumerate(acts, start=1):
        emit(act, number, done(act, prompt))


def done(act: Act, prompt: str) -> str:
    """Do it; what came of it."""
    if "run" in act:
        result = subprocess.run(
            ["/bin/sh", "-c", act["run"]], capture_output=True, text=True, check=False
        )
        return f"{result.stdout}{result.stderr}[exit {result.returncode}]"
    if "write" in act:
        try:
            path = Path(act["write"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(act["text"])
        except OSError as error:
            return f"failed: {error}"
        return "written"
    if "post" in act:
        return _posted(act["post"], act.get("path", "/v1/messages"))
    if "print" in act:
        sys.stdout.write(act["print"])
        sys.stdout.flush()
    if "complain" in act:
        sys.stderr.write(act["complain"])
        sys.stderr.flush()
    if "hang" in act:
        signal.pause()
    if "die" in act:
        os.kill(os.getpid(), act["die"])
    if "exit" in act:
        sys.stdout.flush()
        os._exit(act["exit"])
    if "echo" in act:
        return prompt
    return ""


def _posted(body: object, path: str) -> str:
    """What its provider answers, wherever it was told that this is."""
    url = os.environ["ANTHROPIC_BASE_URL"] + path
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-beta": "a-beta"}
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=60) as reply:  # noqa: S310
            return f"{reply.status} {reply.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


def out(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


# The forms of four agents -----------------------------------------------------------------------


def claude_code(act: Act, number: int, came: str) -> None:
    match act:
        case {"begin": _}:
            out({"type": "system", "subtype": "init", "session_id": "s-1", "model": "m-1",
                 "claude_code_version": "9.9.9"})  # fmt: skip
        case {"say": text}:
            out(_message("assistant", {"type": "text", "text": text}))
        case {"run": _} | {"write": _} | {"echo": _} | {"post": _}:
            name = "Write" if "write" in act else "Bash"
            given = _arguments(act, "file_path")
            out(_message("assistant", {"type": "tool_use", "id": f"t{number}", "name": name,
                                       "input": given}))  # fmt: skip
            out(_message("user", {"type": "tool_result", "tool_use_id": f"t{number}",
                                  "content": came, "is_error": came.startswith("failed")}))  # fmt: skip
        case {"window": told}:
            out({"type": "rate_limit_event", "rate_limit_info": told})
        case {"end": text}:
            out(_result(text, is_error=False))
        case {"fail": text}:
            if "error" in act:
                out(_message("assistant", {"type": "text", "text": text}) | {"error": act["error"]})
            out(_result(text, is_error=True) | {"api_error_status": act.get("status")})


def _arguments(act: Act, path: str) -> dict[str, Any]:
    if "write" in act:
        return {path: act["write"], "content": act["text"]}
    return {"command": act.get("run", "echo")}


def _message(role: str, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": role, "message": {"role": role, "content": [block]}, "session_id": "s-1"}


def _result(text: str, *, is_error: bool) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 70,
             "output_tokens": 5}  # fmt: skip
    return {"type": "result", "subtype": "success", "is_error": is_error, "result": text,
            "total_cost_usd": 0.02, "usage": usage}  # fmt: skip


def codex(act: Act, number: int, came: str) -> None:
    match act:
        case {"begin": _}:
            out({"type": "thread.started", "thread_id": "s-1"})
            out({"type": "turn.started"})
        case {"say": text}:
            out(_item(number, "agent_message", text=text))
        case {"run": _} | {"echo": _}:
            item = _item(number, "command_execution", command=act.get("run", "echo"))
            out({**item, "type": "item.started"})
            item["item"].update(aggregated_output=came, exit_code=0, status="completed")
            out(item)
        case {"write": path}:
            out(_item(number, "file_change", changes=[{"path": path}], status="completed"))
        case {"end": text}:
            out(_item(number, "agent_message", text=text))
            usage = {"input_tokens": 100, "cached_input_tokens": 70, "output_tokens": 5}
            out({"type": "turn.completed", "usage": usage})
        case {"fail": text}:
            out({"type": "error", "message": text})
            out({"type": "turn.failed", "error": {"message": text}})


def _item(number: int, kind: str, **told: object) -> dict[str, Any]:
    return {"type": "item.completed", "item": {"id": f"item_{number}", "type": kind, **told}}


def opencode(act: Act, number: int, came: str) -> None:
    match act:
        case {"begin": _}:
            out({"type": "step_start", "sessionID": "s-1", "part": {}})
        case {"say": text}:
            out({"type": "text", "sessionID": "s-1", "part": {"text": text}})
        case {"run": _} | {"write": _} | {"echo": _}:
            given = _arguments(act, "filePath")
            state = {"status": "completed", "input": given, "output": came}
            name = "write" if "write" in act else "bash"
            part = {"tool": name, "callID": f"t{number}", "state": state}
            out({"type": "tool_use", "sessionID": "s-1", "part": part})
            out(_step_finish("tool-calls"))
        case {"end": text}:
            out({"type": "text", "sessionID": "s-1", "part": {"text": text}})
            out(_step_finish("stop"))
        case {"fail": text}:
            out({"type": "error", "error": {"name": "APIError", "data": {"message": text}}})


def _step_finish(reason: str) -> dict[str, Any]:
    tokens = {"input": 10, "output": 5, "cache": {"read": 70, "write": 20}}
    return {"type": "step_finish", "part": {"reason": reason, "tokens": tokens, "cost": 0.01}}


def gemini(act: Act, number: int, came: str) -> None:
    match act:
        case {"begin": _}:
            out({"type": "init", "session_id": "s-1", "model": "m-1"})
        case {"say": text}:
            out({"type": "message", "role": "assistant", "content": text})
        case {"run": _} | {"write": _} | {"echo": _}:
            name = "write_file" if "write" in act else "run_shell_command"
            out({"type": "tool_use", "tool_name": name, "tool_id": f"t{number}",
                 "parameters": _arguments(act, "file_path")})  # fmt: skip
            out({"type": "tool_result", "tool_id": f"t{number}", "status": "success",
                 "output": came})  # fmt: skip
        case {"end": text}:
            out({"type": "message", "role": "assistant", "content": text})
            stats = {"input_tokens": 100, "cached": 70, "output_tokens": 5}
            out({"type": "result", "status": "success", "stats": stats})
        case {"fail": text}:
            out({"type": "result", "status": "error", "error": {"message": text}})


SPEECHES: Mapping[str, Emit] = {
    "claude-code": claude_code,
    "codex": codex,
    "opencode": opencode,
    "gemini": gemini,
}


# The Agent Client Protocol ----------------------------------------------------------------------


def serve_acp(plan: Sequence[Sequence[Act]]) -> None:
    """JSON-RPC, one document a line, until the client goes."""
    prompts = 0
    for line in sys.stdin:
        asked = json.loads(line)
        match asked.get("method"):
            case "initialize":
                info = {"name": "double", "version": "9.9.9"}
                _reply(asked, {"protocolVersion": 1, "agentCapabilities": {}, "agentInfo": info})
            case "session/new":
                _reply(asked, {"sessionId": "s-1"})
            case "session/prompt":
                text = "\n".join(part.get("text", "") for part in asked["params"]["prompt"])
                acts = plan[min(prompts, len(plan) - 1)]
                prompts += 1
                _prompted(asked, acts, text)


def _prompted(asked: Mapping[str, Any], acts: Sequence[Act], text: str) -> None:
    for number, act in enumerate(acts, start=1):
        match act:
            case {"fail": message}:
                error = {"code": act.get("code", -32000), "message": message}
                out({"jsonrpc": "2.0", "id": asked["id"], "error": error})
                return
            case {"end": said}:
                _tell("agent_message_chunk", content={"type": "text", "text": said})
                _reply(asked, {"stopReason": act.get("stop", "end_turn")})
                return
            case {"say": said}:
                _tell("agent_message_chunk", content={"type": "text", "text": said})
            case {"ask": title}:
                if not _allowed(number, title, act.get("kind", "edit")):
                    continue
                done(act, text)
            case {"request": method}:
                told = {"jsonrpc": "2.0", "id": f"r{number}", "method": method}
                out(told | {"params": act.get("params", {})})
                answer = sys.stdin.readline()
                _tell("agent_message_chunk", content={"type": "text", "text": answer})
            case _:
                came = done(act, text)
                if {"run", "write", "echo", "post"} & act.keys():
                    kind = "edit" if "write" in act else "execute"
                    title = str(act.get("run") or act.get("write") or "echo")
                    _tell("tool_call", toolCallId=f"t{number}", title=title, kind=kind,
                          status="in_progress")  # fmt: skip
                    content = [{"type": "content", "content": {"type": "text", "text": came}}]
                    _tell("tool_call_update", toolCallId=f"t{number}", status="completed",
                          content=content)  # fmt: skip


def _allowed(number: int, title: str, kind: str) -> bool:
    options = [
        {"optionId": "always", "name": "Always", "kind": "allow_always"},
        {"optionId": "once", "name": "Once", "kind": "allow_once"},
        {"optionId": "no", "name": "No", "kind": "reject_once"},
    ]
    call = {"toolCallId": f"p{number}", "title": title, "kind": kind}
    out({"jsonrpc": "2.0", "id": f"p{number}", "method": "session/request_permission",
         "params": {"sessionId": "s-1", "toolCall": call, "options": options}})  # fmt: skip
    answer = json.loads(sys.stdin.readline())
    chosen = answer.get("result", {}).get("outcome", {}).get("optionId", "")
    _tell("agent_message_chunk", content={"type": "text", "text": f"[{title}: {chosen}]"})
    return bool(chosen in ("once", "always"))


def _reply(asked: Mapping[str, Any], result: object) -> None:
    out({"jsonrpc": "2.0", "id": asked["id"], "result": result})


def _tell(session_update: str, **told: object) -> None:
    update = {"sessionUpdate": session_update, **told}
    out({"jsonrpc": "2.0", "method": "session/update",
         "params": {"sessionId": "s-1", "update": update}})  # fmt: skip
