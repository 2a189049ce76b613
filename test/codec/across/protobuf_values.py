"""
The values of cells.jsonl that are read as Protobuf, as Google's library for Python encodes them: a line for each cell, in hex.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install protobuf==7.36.2 grpcio-tools==1.85.1
    /tmp/v/bin/python protobuf_values.py > protobuf.jsonl
"""
import decimal, importlib, json, os, sys, tempfile
from google.protobuf import json_format
from grpc_tools import protoc

OTHERS = {
    'google/type/date.proto': 'package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
    'google/type/timeofday.proto': 'package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
    'confluent/type/decimal.proto': 'package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
    'confluent/meta.proto': 'package confluent; import "google/protobuf/descriptor.proto"; message Meta { string doc = 1; map<string, string> params = 2; } extend google.protobuf.FieldOptions { Meta field_meta = 1088; }',
}
IMPORTS = ''.join(f'import "{path}";' for path in [*OTHERS, 'google/protobuf/timestamp.proto', 'google/protobuf/wrappers.proto'])
here = os.path.dirname(os.path.abspath(__file__))
out = tempfile.mkdtemp()
include = os.path.join(os.path.dirname(protoc.__file__), '_proto')

def write(path, text):
    os.makedirs(os.path.dirname(os.path.join(out, path)), exist_ok=True)
    with open(os.path.join(out, path), 'w') as file:
        file.write(text)

def compiled(*paths):
    assert protoc.main(['', f'-I{out}', f'-I{include}', f'--python_out={out}', *[os.path.join(out, path) for path in paths]]) == 0

def parts(text, separators):
    for separator in separators:
        text = text.replace(separator, ' ')
    return [int(part) for part in text.split()]

def fill(field, message, text):
    """The types that Google's JSON does not have the text of."""
    kind = field.message_type.full_name if field is not None and field.message_type else ''
    if kind == 'google.type.Date':
        message.v.year, message.v.month, message.v.day = parts(json.loads(text), '-')
    elif kind == 'google.type.TimeOfDay':
        whole, fraction = json.loads(text).split('.')
        message.v.hours, message.v.minutes, message.v.seconds = parts(whole, ':')
        message.v.nanos = int(fraction.ljust(9, '0'))
    elif kind == 'confluent.type.Decimal':
        number = decimal.Decimal(text)
        unscaled = int(number.scaleb(2))
        message.v.value = unscaled.to_bytes((unscaled + (unscaled < 0)).bit_length() // 8 + 1, 'big', signed=True)
        message.v.precision, message.v.scale = 20, 2
    else:
        json_format.Parse(text if field is None else f'{{"v": {text}}}', message)

def encoded(message, text):
    if text == 'absent':
        return ''
    fill(message.DESCRIPTOR.fields_by_name.get('v'), message, text)
    return message.SerializeToString(deterministic=True).hex()

for path, text in OTHERS.items():
    write(path, f'syntax = "proto3"; {text}')
compiled(*OTHERS)
sys.path.insert(0, out)
# google.type's modules are not below the installed package of google.
import google
google.__path__.append(os.path.join(out, 'google'))
with open(os.path.join(here, 'cells.jsonl')) as file:
    cells = [json.loads(line) for line in file]
for i, cell in enumerate(cells):
    if cell['from'] != 'protobuf':
        print('null')
        continue
    name = f'cell_{i}'
    write(f'{name}.proto', f'syntax = "{cell.get("syntax", "proto3")}"; package {name}; {IMPORTS} message R {{ {cell["schema"]} }}')
    compiled(f'{name}.proto')
    module = importlib.import_module(f'{name}_pb2')
    given = [value if isinstance(value, str) else value[0] for value in cell['values']]
    print(json.dumps([encoded(module.R(), text) for text in given]))
