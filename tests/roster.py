"""Classes whose people are hard to tell apart: shared and swapped names, missing ids, numbers changed by a spreadsheet.

The owner of each row is known here, so that a test can check whether every mark reached its owner.
"""

import random
from dataclasses import dataclass, field

import msgspec

from grader.classroom.store.gradings import record
from grader.classroom.store.store import Store
from grader.inputs.entry import Entry, Person, Received
from grader.records.result import Grade

SOURCES = [
    "gradescope",
    "canvas",
    "moodle",
    "blackboard",
    "brightspace",
    "autolab",
    "folders by login",
    "folders by name",
]
FIRST = "Wei Ann Bo Zoë Li José Ivan Mary-Jane Zhang Lee".split()
LAST = "Zhang Lee Müller Wei O'Brien Li Petrov Bo".split()


@dataclass
class Human:
    """One person as they are, and as each side writes them.  `score` is unlike everybody else's."""

    score: int
    name: str
    sid: str
    login: str
    email: str
    canvas: str
    moodle: str
    alone: bool  # nobody else's number differs by nothing but zeros
    there: dict[str, str] = field(default_factory=dict)  # the gradebook's row; {} where they are not in it
    here: dict[str, str] = field(default_factory=dict)  # the submission; {} where nothing was received
    file: bool = True  # of what was received there was something to grade
    certain: bool = False  # nothing of the ids was changed on either side


def humans(rng: random.Random, count: int, source: str) -> list[Human]:
    found = _true(rng, count)
    for one in found:
        one.there = {"name": one.name, "sid": one.sid, "login": one.login, "email": one.email}
        one.there |= {"canvas": one.canvas, "moodle": one.moodle}
        if rng.random() < 0.85:
            one.here, one.file = _download(one, source), rng.random() < 0.9
        one.certain = one.alone
    spoilt = [rng.choice([0, 0.1, 0.4]) for _ in range(5)]
    for one in found:
        _lose_ids(rng, one, spoilt[0])
        _mangle(rng, one, spoilt[1])
        if one.here and rng.random() < spoilt[2] / 4 and one.alone and len(one.here) > 2:
            one.there, one.certain = {}, False
    _swap_names(rng, found, spoilt[3], source)
    _take_addresses(rng, found, spoilt[4] / 10)
    return found


def _true(rng: random.Random, count: int) -> list[Human]:
    numbers = [rng.sample(range(1, 2 * count), count) for _ in range(4)]
    addresses = rng.random() < 0.5  # some schools log in by e-mail address
    sids = [f"{n:04}" for n in numbers[0]]
    for i in range(1, count, 20):  # 0041 and 41 are two people
        sids[i] = str(numbers[0][i - 1])
    plain = [sid.lstrip("0") for sid in sids]
    for i in rng.sample(range(count), count // 10):
        if plain.count(plain[i]) == 1:
            sids[i] = f"90{i:05}"
            plain[i] = sids[i]
    found = []
    for i in range(count):
        email = f"{rng.choice('abc')}.{i}@uni.edu"
        login = email if addresses else str(numbers[1][i])
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)} {rng.choice('ABCD')}"
        ids = (sids[i], login, email, str(numbers[2][i]), str(numbers[3][i]))
        found.append(Human(i + 1, name, *ids, plain.count(plain[i]) == 1))
    return found


def _download(one: Human, source: str) -> dict[str, str]:
    known = {
        "gradescope": {"sid": one.sid, "email": one.email},
        "canvas": {"canvas": one.canvas},
        "moodle": {"moodle": one.moodle},
        "blackboard": {"blackboard": one.login},
        "brightspace": {"brightspace": one.sid},
        "autolab": {"email": one.email},
    }
    return {"name": one.login if source == "folders by login" else one.name, **known.get(source, {})}


def _lose_ids(rng: random.Random, one: Human, share: float) -> None:
    """In the gradebook, and of what Gradescope knows; other platforms write their own number into every download."""
    for side in (one.here if "sid" in one.here else {}, one.there):
        for kind in ("sid", "email", "canvas", "login"):
            # A number that zeros alone tell from another's is not left out: then nobody could see whose it is.
            if kind in side and rng.random() < share and (one.alone or kind != "sid"):
                side[kind] = ""
                one.certain = False


def _mangle(rng: random.Random, one: Human, share: float) -> None:
    for side in (one.here, one.there):
        if side.get("sid") and rng.random() < share:
            side["sid"] = rng.choice([_zeros_lost, _as_float, _as_power])(side["sid"])
            one.certain = False


def _zeros_lost(sid: str) -> str:
    return sid.lstrip("0")


def _as_float(sid: str) -> str:
    return f"{int(sid)}{random.Random(sid).choice(['.0', ',0', '.00'])}"


def _as_power(sid: str) -> str:
    """Exact where the number is short; of a long one digits are lost."""
    return f"{int(sid):.{min(4, len(str(int(sid))) - 1)}E}"


def _swap_names(rng: random.Random, found: list[Human], share: float, source: str) -> None:
    """Names in the wrong place, of people who have ids on that side; where folders are named by name, of none."""
    here = [one for one in found if any(value for kind, value in one.here.items() if kind != "name")]
    there = [one for one in found if one.there and any(one.there[kind] for kind in ("canvas", "sid", "login"))]
    if source.startswith("folders"):
        here = there = []
    for side, people in (("here", here), ("there", there)):
        moved = rng.sample(people, int(len(people) * share))
        for one, other in zip(moved[::2], moved[1::2], strict=False):
            mine, theirs = getattr(one, side), getattr(other, side)
            mine["name"], theirs["name"] = theirs["name"], mine["name"]


def _take_addresses(rng: random.Random, found: list[Human], share: float) -> None:
    """People who say that another's e-mail address is theirs; their own number says otherwise."""
    whole = [one for one in found if one.certain and one.here.get("sid") and one.here.get("email")]
    for one in rng.sample(whole, int(len(whole) * share)):
        one.here["email"], one.certain = rng.choice(whole).email, False


def fill(store: Store, found: list[Human], state) -> None:
    """Receive and grade everybody who submitted, for real; each with their own score."""
    with store.transaction():
        grading_run = store.begin_grading_run("batch", state, "title: x")
        for one in found:
            if one.here:
                _receive(store, one, grading_run, len(found))


def _receive(store: Store, one: Human, grading_run: int, count: int) -> None:
    here = dict(one.here)
    name, email, sid = here.pop("name"), here.pop("email", ""), here.pop("sid", "")
    ids = {kind: value for kind, value in here.items() if value}
    if "moodle" in ids:
        ids["moodle_folder"] = f"{name}_{ids['moodle']}_assignsubmission_file"
    if not here and (email or sid or one.here.keys() > {"name"}):
        ids["gradescope"] = f"submission_{one.score}"
    who = Person(f"student-{one.score}", name, email, sid, ids)
    source = str(one.score).encode() if one.file else None
    store.receive(Entry(str(one.score), [who], []), Received("gradients.py", source, "" if one.file else "missing"))
    if source is not None:
        (number,) = store.connection.execute("SELECT MAX(id) FROM submissions").fetchone()
        grade = Grade(1, "gradients.py", "graded", one.score, count, [])
        record(store, number, grading_run, msgspec.json.encode(grade))


def canvas_csv(rows: list[Human], delimiter: str = ",") -> str:
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW (7)"]
    table = [
        [_last_first(one.there["name"]), *(one.there[k] for k in ("canvas", "sid", "login")), str(one.score), ""]
        for one in rows
    ]
    return "\n".join(delimiter.join(f'"{text}"' for text in row) for row in [head, *table])


def moodle_csv(rows: list[Human]) -> str:
    head = ["Identifier", "Full name", "ID number", "Email address", "Username", "Grade", "Maximum Grade", "Who"]
    table = [
        [
            f"Participant {one.there['moodle']}",
            *(one.there[k] for k in ("name", "sid", "email", "login")),
            "",
            "",
            str(one.score),
        ]
        for one in rows
    ]
    return "\n".join(",".join(f'"{text}"' for text in row) for row in [head, *table])


def _last_first(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}"
