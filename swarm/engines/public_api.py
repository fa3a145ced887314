"""The door of swarm.engines."""

from swarm.engines.acp.talk import AcpTalk
from swarm.engines.cli.engine import AgentEngine
from swarm.engines.cli.finding import Found, find, find_all, laid_out
from swarm.engines.cli.logins import Login, login_of
from swarm.engines.cli.makers import ANY_BY_PROTOCOL, MAKERS, Maker, Relayed
from swarm.engines.cli.talk import CliTalk, RelayTalk, Talk
from swarm.engines.context.atlas import Atlas
from swarm.engines.context.grammars import readers
from swarm.engines.context.scanning import SandboxScanner
from swarm.engines.model.engine import ModelEngine
from swarm.engines.model.reading import Inquiry, Replied, inquire
from swarm.engines.model.telling import envelope
from swarm.engines.port import (
    NOTHING_MORE,
    Assignment,
    Done,
    Engine,
    GaveUp,
    Item,
    Needs,
    Question,
    Split,
    StepTaken,
    Submission,
)
from swarm.engines.repair.engine import RepairEngine, repair_engines

__all__ = [
    "ANY_BY_PROTOCOL",
    "MAKERS",
    "NOTHING_MORE",
    "AcpTalk",
    "AgentEngine",
    "Assignment",
    "Atlas",
    "CliTalk",
    "Done",
    "Engine",
    "Found",
    "GaveUp",
    "Inquiry",
    "Item",
    "Login",
    "Maker",
    "ModelEngine",
    "Needs",
    "Question",
    "RelayTalk",
    "Relayed",
    "RepairEngine",
    "Replied",
    "SandboxScanner",
    "Split",
    "StepTaken",
    "Submission",
    "Talk",
    "envelope",
    "find",
    "find_all",
    "inquire",
    "laid_out",
    "login_of",
    "readers",
    "repair_engines",
]
