"""JSON lines that are appended to: nothing is lost to a kill but the half line that it has cut."""

from concurrent.futures import ThreadPoolExecutor

from eval.rollouts.json_lines import JsonLines, key_of, whole_lines


def test_what_was_appended_is_there_and_the_folder_is_made(tmp_path):
    lines = JsonLines(tmp_path / "new" / "lines.jsonl")
    assert lines.values() == []
    for value in ({"key": "é"}, [1, None]):
        lines.append(value)
    assert JsonLines(lines.path).values() == [{"key": "é"}, [1, None]]
    assert lines.path.read_text() == '{"key": "é"}\n[1, null]\n'


def test_half_a_line_is_not_read_and_gone_when_the_file_is_gone_on_with(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_text('{"a": 1}\n{"b": ')
    assert list(whole_lines(path)) == [b'{"a": 1}\n']
    assert path.read_text() == '{"a": 1}\n{"b": '  # who only reads changes nothing
    JsonLines(path).append({"b": 2})
    assert path.read_text() == '{"a": 1}\n{"b": 2}\n'


def test_lines_of_many_threads_stay_whole(tmp_path):
    lines = JsonLines(tmp_path / "lines.jsonl")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: lines.append({str(number): "x" * 5000}), range(100)))
    assert sorted(int(key) for value in lines.values() for key in value) == list(range(100))


def test_half_a_surrogate_pair_is_stored_as_a_question_mark(tmp_path):
    lines = JsonLines(tmp_path / "lines.jsonl")
    lines.append("\ud800")
    assert lines.values() == ["?"]


def test_a_key_differs_with_every_part():
    assert len({key_of("a", 1), key_of("a", 2), key_of("b", 1), key_of("a"), key_of("a", [1])}) == 5
