#!/usr/bin/env python3
"""What others make of our API: PROGRAM BUILD_DIR

Aim:     /openapi.json passes the rules of Redocly and of Spectral without a remark; a client that
         is written against the types that openapi-typescript makes of it compiles; its examples
         fit its schemas.
Method:  the tools come from npm into the build tree; the document from a platform that runs.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "blackbox"), str(HERE.parent)]
import npm  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
FILES = ("redocly.yaml", "spectral.yaml", "use.ts")
STEPS = (
    ("npx", "redocly", "lint", "--config", "redocly.yaml", "openapi.json"),
    ("npx", "spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "warn",
     "openapi.json"),
    ("npx", "openapi-typescript", "openapi.json", "--output", "api.d.ts"),
    ("npx", "tsc", "--noEmit", "--strict", "--allowImportingTsExtensions", "use.ts"),
)


def take(folder, *command):
    """Zero and no warning."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    is_clean = done.returncode == 0 and "warning" not in done.stdout.lower()
    print(f"{' '.join(command[1:3])}: {'clean' if is_clean else done.stdout}")
    return is_clean


def examples_of(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    yield f"{method} {path}", content["schema"], content["example"]


def examples_fit(text):
    try:
        import described  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("examples: no jsonschema, not looked at")
        return True
    document, count = described.Document(text), 0
    for where, schema, example in examples_of(document.document):
        error = document.error(schema, example)
        count += 1
        if error:
            print(f"example of {where}: {error}")
            return False
    print(f"examples: {count} fit")
    return count > 10


def main():
    shop.options.binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2])
    if not npm.fetch(HERE, FILES, folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    store = shop.Shop()
    try:
        text = store.stranger().ask("GET", "/openapi.json").body
    finally:
        store.close()
    (folder / "openapi.json").write_text(json.dumps(json.loads(text), indent=1))
    results = [examples_fit(text)] + [take(folder, *step) for step in STEPS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
