"""Are ids reproducible and well-formed, and does a child id lead to its run?"""

import uuid

from mock_server.simulation.ids import MOST_CHILDREN, Ids, child, makers


def test_an_id_is_a_kind_and_a_version_4_uuid() -> None:
    ids = Ids("1")
    for kind in ("thread", "run", "msg"):
        name, _, rest = ids.new(kind).partition("_")
        assert name == kind
        assert uuid.UUID(rest).version == 4
        assert uuid.UUID(rest).variant == uuid.RFC_4122


def test_the_same_seed_gives_the_same_ids_and_another_seed_gives_others() -> None:
    first, again, other = (Ids(seed) for seed in ("1", "1", "2"))
    made = [first.new("run") for _ in range(100)]
    assert made == [again.new("run") for _ in range(100)]
    assert len({*made, *(other.new("run") for _ in range(100))}) == 200


def test_a_run_is_found_by_any_of_its_children() -> None:
    run = Ids("1").new("run")
    children = [child("msg", run, number) for number in range(MOST_CHILDREN)]
    assert len({*children}) == MOST_CHILDREN
    for made in children:
        assert made.startswith("msg_")
        assert run in makers(made)


def test_a_foreign_id_has_no_maker() -> None:
    for text in ("", "msg_1", "thread_x", "msg_" + "g" * 36, "msg_\ud800"):
        assert list(makers(text)) == []
