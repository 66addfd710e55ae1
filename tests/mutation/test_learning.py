"""What is learnt of this project's own tests."""

from mutation.processes import Processes
from mutation.project import APPOINTMENTS
from mutation.running import learn


def test_tests_in_which_no_coverage_is_measured_are_learnt_of_all_the_same() -> None:
    (reach,) = Processes(1).results([(learn, (APPOINTMENTS, "tests/contracts/test_providers.py"))])

    of_lines = {test for tests in reach.by_line.values() for test in tests}
    assert {test.partition("[")[2] for test in of_lines} >= {"memory]", "simulated]"}
