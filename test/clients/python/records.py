"""The lines of a records file (see records.ts): ("end", how) or ("record", timestamp, key, value, headers)."""
import base64


def _bytes(field):
    return None if field == "-" else base64.b64decode(field)


def read(file):
    for text in open(file, encoding="utf-8").read().splitlines():
        fields = text.split("\t")
        if fields[0] == "end":
            yield ("end", fields[1])
        else:
            pairs = zip(fields[4::2], fields[5::2])
            headers = [(name, _bytes(value)) for name, value in pairs]
            yield ("record", int(fields[1]), _bytes(fields[2]), _bytes(fields[3]), headers)
