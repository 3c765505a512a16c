"""bounds.py - each bound of each operation's schemas, asked once: CONFIG URL TOKEN

Aim:     Schemathesis' cases of its phase "coverage" (values at, below and above a bound, members
         left out, other types) pass its checks.
Method:  run by the Python of fuzz.py's venv. Its command line knows no bound for this phase, and an
         order has some hundred cases that take long to make; here each operation gives its first.
"""
import itertools
import sys
import time

import schemathesis
import table_bodies  # pylint: disable=unused-import
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.hypothesis import builder

CASES_MAX = 25  # of one operation
SECONDS_MAX = 5  # of one operation: on a busy machine there are fewer cases
CASES_MIN = 400  # of all of them, which are some 900: fewer, and nothing was looked at
REQUEST_SECONDS_MAX = 20
NEVER_ENDS = "/api/v1/orders/endings"


def cases_of(operation):
    """With the operation's own method: others are asked by bad_input_test.py."""
    made = builder.generate_coverage_cases(
        operation=operation, generation_modes=list(GenerationMode), auth_storage=None,
        as_strategy_kwargs={}, generate_duplicate_query_parameters=True,
        unexpected_methods={operation.method}, generation_config=operation.schema.config.generation)
    until = time.monotonic() + SECONDS_MAX
    for case in itertools.islice(made, CASES_MAX):
        is_elsewhere = "" in (case.path_parameters or {}).values()  # it asks another operation
        if case.method.lower() == operation.method.lower() and not is_elsewhere:
            yield case
        if time.monotonic() > until:
            break


def main():
    config_path, url, token = sys.argv[1:]
    load_all_checks()
    config = schemathesis.Config.from_path(config_path)
    document = schemathesis.openapi.from_url(url, config=config)
    headers, count, wrong = {"Authorization": "Bearer " + token}, 0, 0
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path == NEVER_ENDS:
            continue
        for case in cases_of(operation):
            count += 1
            try:
                case.call_and_validate(headers=headers, timeout=REQUEST_SECONDS_MAX)
            except FailureGroup as failures:
                wrong += 1
                print(operation.label, failures, *failures.exceptions, sep="\n")
    print(f"coverage: {count} cases, {wrong} wrong")
    return 1 if wrong or count < CASES_MIN else 0


if __name__ == "__main__":
    sys.exit(main())
