"""stream.py - an order followed by server-sent events, as a browser does: until it has ended, or
the connection is lost, or patience.
"""
import http.client
import json

BUSY = (401, 429, 502, 503, 504)


def messages_in(response):
    """(id, data) of each whole message; ends where the connection does."""
    fields = {}
    try:
        for line in response:
            text = line.decode().rstrip("\r\n")
            if not text and "id" in fields:
                yield int(fields["id"]), json.loads(fields["data"])
            if not text:
                fields = {}
            elif not text.startswith(":"):
                name, _, value = text.partition(":")
                fields[name] = value.strip()
    except (OSError, http.client.HTTPException):
        pass  # whoever comes back goes on behind the last message


def follow(address, token, name, after, patience_seconds, messages_max=None):
    """(HTTP code, [(id, status)]) from Last-Event-ID `after` on; (None, []) without an answer."""
    connection = http.client.HTTPConnection(*address, timeout=patience_seconds)
    headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
    if after:
        headers["Last-Event-ID"] = str(after)
    try:
        connection.request("GET", f"/api/v1/orders/{name}/events", headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            return (None if response.status in BUSY else response.status), []
        heard = []
        for number, data in messages_in(response):
            heard.append((number, data["status"]))
            if len(heard) == messages_max:
                break
        return 200, heard
    except (OSError, http.client.HTTPException):
        return None, []
    finally:
        connection.close()
