"""Groups of problems and what each arm solved in them."""

from eval.data.problem_set import Facts
from eval.numbers.groups import groups
from eval.tables.breakdown import by_group


def test_difficulties_come_from_easy_to_hard_and_the_unknown_last():
    facts = {"w": Facts(), "x": Facts("B"), "y": Facts("A"), "z": Facts("EASY"), "v": Facts("B")}
    assert groups(facts, "difficulty") == {"EASY": ["z"], "A": ["y"], "B": ["x", "v"], "unknown": ["w"]}


def test_a_problem_is_in_the_group_of_each_of_its_tags():
    facts = {"x": Facts(tags=("math", "greedy")), "y": Facts(tags=("greedy", "")), "z": Facts(tags=("",))}
    assert list(groups(facts, "tag").items()) == [("greedy", ["x", "y"]), ("math", ["x"]), ("unknown", ["z"])]


def test_ratings_are_taken_in_steps_in_their_order():
    facts = {"x": Facts(rating=1200), "y": Facts(rating=900), "z": Facts(rating=1599), "w": Facts(rating=3500)}
    assert groups({**facts, "v": Facts()}, "rating") == {
        "800–1199": ["y"],
        "1200–1599": ["x", "z"],
        "3200–3599": ["w"],
        "unknown": ["v"],
    }


def test_contests_come_in_the_order_of_time_with_their_halves_at_the_end():
    facts = {"x": Facts(contest=1600), "y": Facts(contest=999), "z": Facts(contest=1575), "w": Facts(contest=None)}
    assert list(groups(facts, "contest").items()) == [
        ("999", ["y"]),
        ("1575", ["z"]),
        ("1600", ["x"]),
        ("unknown", ["w"]),
        ("before 1575", ["y"]),
        ("from 1575 on", ["x", "z"]),
    ]


def test_one_contest_has_no_halves():
    assert list(groups({"x": Facts(contest=7), "y": Facts()}, "contest")) == ["7", "unknown"]


def test_the_table_has_a_row_a_group_and_the_differences_to_the_first_arm():
    solved = {"plain": {"x": 1.0, "y": 0.0, "z": 0.0}, "tuned": {"x": 1.0, "y": 1.0}}
    lines = by_group(solved, {"math": ["x", "y"], "dp": ["z"], "graphs": ["w"]}, "tag").splitlines()
    assert lines[0] == "| tag | problems | plain | tuned | tuned against plain |"
    assert lines[2].startswith("| math | 2 | 50.0 % (") and "| 100.0 % (" in lines[2] and "+50.0 points (" in lines[2]
    assert lines[3].startswith("| dp | 1 | 0.0 % (") and lines[3].endswith("| – | – |")
    assert lines[4] == "| graphs | 0 | – | – | – |"
