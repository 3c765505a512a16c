#!/usr/bin/env python3
"""links.py - does every link of the Markdown lead somewhere, and has every folder its page?

Checked: relative links and their #headings, in all Markdown files; that each folder of src/ has the
page of its row, and that the page is in the index docs/README.md; that each file which such a page
names at the beginning of a table's row is there; that every page of docs/ is linked from some page.
Noted, not wrong: files that have no row in their page.
"""
import re
import sys

import pages

# A new folder is a new row here, and a page.
PAGES = {  # folder: its page in docs/
    "src/base": "base.md",
    "src/wire": "wire.md",
    "src/resilience": "resilience.md",
    "src/telemetry": "telemetry.md",
    "src/platform": "platform.md",
    "src/runtime": "runtime.md",
    "src/transport": "transport.md",
    "src/store": "store.md",
    "src/events": "events.md",
    "src/saga": "saga.md",
    "src/services": "services.md",
    "src/edge": "edge.md",
    "src/app": "app.md",
    "sim": "sim.md",
    "tests": "testing.md",
    "fuzz": "testing.md",
    "bench": "testing.md",
}

LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")  # https:, mailto:
HEADING = re.compile(r"^#+ (.*)$", re.M)
FILES = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \|", re.M)  # the first cell of a row
FOR_TESTS = r"_(test|bench|corpus|forge)\.[ch]$|every_type\.h$|quotes\.h$|fake_\w+\.h$"
FILE_NAME = re.compile(r"[\w./{},*-]+\.(?:[a-z]+|\{[a-z,]+\})$")


def main():
    linked = set()
    wrong = [said for page in pages.all_pages() for said in wrong_links(page, linked)]
    wrong += wrong_folders()
    wrong += [f"{page}: no page links to it" for page in pages.all_pages()
              if page.parts[0] == "docs" and pages.ROOT / page not in linked]
    print("\n".join([*wrong, *(f"note: {said}" for said in without_a_row())]))
    print(f"{len(linked)} files and folders are linked; {len(wrong)} wrong")
    sys.exit(1 if wrong or not linked else 0)


def wrong_links(page, linked):
    """Texts about the links of one page; adds where the others lead to `linked`."""
    path = pages.ROOT / page
    for number, line in enumerate(pages.prose(path.read_text()).split("\n"), 1):
        for link in LINK.findall(line):
            if ELSEWHERE.match(link):
                continue
            name, _, heading = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists():
                yield f"{page}:{number}: {link} leads nowhere"
            elif heading and heading not in headings_of(target):
                yield f"{page}:{number}: {link}: there is no such heading"
            elif target != path:
                linked.add(target)


def headings_of(path):
    """As GitHub writes them in links."""
    found = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def wrong_folders():
    index = (pages.ROOT / "docs/README.md").read_text()
    for folder in sorted((pages.ROOT / "src").iterdir()):
        if folder.is_dir() and f"src/{folder.name}" not in PAGES:
            yield f"src/{folder.name}: it has no row in tests/docs/links.py, and no page"
    for folder, name in PAGES.items():
        page = pages.ROOT / "docs" / name
        if not page.exists():
            yield f"{folder}: docs/{name} is not there"
            continue
        if f"({name})" not in index:
            yield f"docs/{name}: docs/README.md does not list it"
    for name in sorted(set(PAGES.values())):
        page = pages.ROOT / "docs" / name
        roots = [pages.ROOT / folder for folder in PAGES if PAGES[folder] == name]
        for file in files_named(page.read_text()) if page.exists() else []:
            if not any(list(root.glob(file)) for root in roots):
                yield f"docs/{name}: {file} is not there"


def without_a_row():
    """What a reader would look for in a page and not find: sources, apart from those of tests."""
    for folder, name in PAGES.items():
        page = pages.ROOT / "docs" / name
        named = set(files_named(page.read_text())) if page.exists() else set()
        for path in sorted((pages.ROOT / folder).rglob("*.[ch]")):
            file = str(path.relative_to(pages.ROOT / folder))
            if not re.search(FOR_TESTS, file) and file not in named:
                yield f"docs/{name} has no row for {folder}/{file}"


def files_named(text):
    """Paths below the page's folder; `loop.{h,c}` names two."""
    for cell in FILES.findall(text):
        for name in re.findall(r"`([^`]+)`", cell):
            if not FILE_NAME.match(name):
                continue
            stem, brace, endings = name.partition("{")
            for ending in endings.rstrip("}").split(",") if brace else [""]:
                yield stem + ending


if __name__ == "__main__":
    main()
