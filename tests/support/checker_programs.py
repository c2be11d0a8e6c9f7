"""Checkers in each language and protocol, for one problem: the words of the answer in any order."""

from judge.checkers.checker_program import CHECKER_LIMITS, CheckerProgram, Language, Protocol
from judge.verdict import Limits

ANY_ORDER_PYTHON = """
import sys
given, printed, answer = (sorted(open(path).read().split()) for path in sys.argv[1:])
assert given == ["2"]
sys.exit(printed != answer)
"""
ANY_ORDER_CPP = """
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>
std::vector<std::string> words(const char *path) {
    std::ifstream file(path);
    std::vector<std::string> found;
    for (std::string word; file >> word;) found.push_back(word);
    std::sort(found.begin(), found.end());
    return found;
}
int main(int count, char **path) {
    if (count != 4 || words(path[1]) != std::vector<std::string>{"2"}) return 3;
    return words(path[2]) == words(path[3]) ? 0 : 1;
}
"""
ANY_ORDER_KATTIS_PYTHON = """
import sys
given, answer = (sorted(open(path).read().split()) for path in sys.argv[1:3])
assert given == ["2"] and sys.argv[4:] == ["any_order", "1"]
open(sys.argv[3] + "judgemessage.txt", "w").write("looked at")
sys.exit(42 if sorted(sys.stdin.read().split()) == answer else 43)
"""
ANY_ORDER_KATTIS_CPP = """
#include <algorithm>
#include <cassert>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
std::vector<std::string> words(std::istream &file) {
    std::vector<std::string> found;
    for (std::string word; file >> word;) found.push_back(word);
    std::sort(found.begin(), found.end());
    return found;
}
int main(int count, char **argument) {
    assert(count == 6 && std::string(argument[4]) == "any_order");
    std::ofstream message(std::string(argument[3]) + "/judgemessage.txt");
    assert(message << "looked at");
    std::ifstream answer(argument[2]);
    return words(std::cin) == words(answer) ? 42 : 43;
}
"""


def checker_of(
    source: str, language: Language = "python", protocol: Protocol = "testlib", limits: Limits = CHECKER_LIMITS
) -> CheckerProgram:
    flags = ("any_order", "1") if protocol == "kattis" else ()
    name = "checker.py" if language == "python" else "checker.cpp"
    return CheckerProgram(language, protocol, ((name, source),), flags, limits)


ANY_ORDER = {
    "testlib python": checker_of(ANY_ORDER_PYTHON),
    "testlib c++": checker_of(ANY_ORDER_CPP, "c++"),
    "kattis python": checker_of(ANY_ORDER_KATTIS_PYTHON, "python", "kattis"),
    "kattis c++": checker_of(ANY_ORDER_KATTIS_CPP, "c++", "kattis"),
}
