"""described.py - whether an answer is one that /openapi.json describes.

A test file asks for it with --described (blackbox/shop.py); every answer that its people get is
then held against the document of the platform that gave it.
"""
import json

import jsonschema

OWN_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Document:
    def __init__(self, text):
        self.document = json.loads(text)
        self.validators = {}

    def complaint(self, method, target, answer):
        """What is wrong with it; None where nothing is."""
        operation = self.operation(method, target.split("?")[0])
        if operation is None:
            return None if answer.code in (204, 404, 405) or method == "HEAD" else "no such call"
        response = self.response(operation, answer.code)
        if response is None:
            return f"{answer.code} is not among its answers"
        wrong = self.wrong_field(response, answer) if answer.code not in (204, 304) else None
        if wrong:
            return wrong
        content = response.get("content", {})
        if not answer.body:
            return None
        media = (answer.headers["Content-Type"] or "").split(";")[0]
        if media not in content:
            return f"{answer.code} comes as {media!r}, not as one of {sorted(content)}"
        if "json" not in media:
            return None
        return self.error(content[media]["schema"], answer.json())

    def wrong_field(self, response, answer):
        """A header field that is missing, of another kind than told, or not told of."""
        fields = {name: self.document["components"]["headers"].get(name, field)
                  for name, field in response.get("headers", {}).items()}
        for name, field in fields.items():
            value = answer.headers[name]
            if value is None:
                if field.get("required"):
                    return f"{answer.code} is without {name}"
                continue
            is_number = field["schema"]["type"] == "integer"
            error = self.error(field["schema"], int(value) if is_number else value)
            if error:
                return f"{name}: {value}: {error}"
        extra = [name for name in self.document["components"]["headers"]
                 if name in answer.headers and name not in fields]
        return f"{answer.code} has {extra}" if extra else None

    def operation(self, method, path):
        """The one of the longest words: a path in words goes before one with names."""
        best = None
        for template, operations in self.document["paths"].items():
            if method.lower() not in operations or not fits(template, path):
                continue
            if best is None or template.count("{") < best[0].count("{"):
                best = template, operations[method.lower()]
        return best[1] if best and method in OWN_METHODS else None

    def response(self, operation, code):
        responses = operation["responses"]
        found = responses.get(str(code)) or responses.get(f"{code // 100}XX")
        if found and "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
        return found

    def error(self, schema, value):
        """Schemas refer to each other by their places in the document, so each is a part of it."""
        name = json.dumps(schema)
        if name not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[name] = jsonschema.Draft202012Validator(whole)
        error = jsonschema.exceptions.best_match(self.validators[name].iter_errors(value))
        return f"{error.json_path}: {error.message}" if error else None


def fits(template, path):
    words, parts = template.split("/"), path.split("/")
    return len(words) == len(parts) and all(
        word == part or (word.startswith("{") and part) for word, part in zip(words, parts))
