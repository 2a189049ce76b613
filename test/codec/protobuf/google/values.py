"""
Writes values.jsonl: bytes by Google's protobuf for Python, and what it reads of them, as the JSON of test fixtures has it.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install protobuf==7.36.2 grpcio-tools==1.85.1
    /tmp/v/bin/python values.py
"""
import json, os, sys, tempfile
from grpc_tools import protoc

HERE = os.path.dirname(os.path.abspath(__file__))
GOOGLE_TYPE = {
    'date': 'message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
    'timeofday': 'message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
}
out = tempfile.mkdtemp()
os.makedirs(os.path.join(out, 'google/type'))
for name, body in GOOGLE_TYPE.items():
    with open(os.path.join(out, f'google/type/{name}.proto'), 'w') as f:
        f.write('syntax = "proto3"; package google.type; ' + body)
include = os.path.join(os.path.dirname(protoc.__file__), '_proto')
assert protoc.main(['', f'-I{HERE}', f'-I{out}', f'-I{include}', f'--python_out={out}',
    f'--descriptor_set_out={HERE}/values.desc', '--include_imports', f'{HERE}/values.proto',
    f'{out}/google/type/date.proto', f'{out}/google/type/timeofday.proto']) == 0
# The set's last file is the one that is read.
assert protoc.main(['', f'-I{HERE}', f'-I{out}', f'-I{include}',
    f'--descriptor_set_out={HERE}/values.desc', '--include_imports', f'{HERE}/values.proto']) == 0
sys.path.insert(0, out)
os.environ['PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION'] = 'upb'
# google.type's modules are not below the installed package of google.
import google
google.__path__.append(os.path.join(out, 'google'))
import values_pb2 as pb

NAMES = {0: 'NONE', 1: 'RED', -5: 'DEEP'}
def unsigned(n):
    bytes_ = n.to_bytes(max(1, (n.bit_length() + 8) // 8), 'big')
    return bytes_.decode('latin1')
def text(s):
    return s.decode('utf8', 'replace') if isinstance(s, bytes) else s
def exact(n):
    return n if abs(n) < 2 ** 53 else str(n)
def inner(m):
    return {'a': m.a if m.HasField('a') else None, 'next': inner(m.next) if m.HasField('next') else None, 'names': list(m.names)}
def stamp(t):
    from datetime import datetime, timedelta
    moment = datetime(1970, 1, 1) + timedelta(seconds=t.seconds, microseconds=t.nanos // 1000)
    text = moment.strftime('%H:%M:%S.%f')
    text = text if not text.endswith('000') else text[:-3]
    return f'{moment.year:04d}-{moment.month:02d}-{moment.day:02d}T{text}Z'
def view(m):
    of = m.WhichOneof('by')
    return {
        'n': m.n, 'text': m.text,
        'colour': NAMES[m.colour] if m.HasField('colour') else None,
        'colours': [NAMES[c] for c in m.colours],
        'by_name': {text(k): NAMES[v] for k, v in m.by_name.items()},
        'by_long': {str(k): v for k, v in sorted(m.by_long.items())},
        'by_unsigned': {str(k): inner(v) for k, v in sorted(m.by_unsigned.items())},
        'by_signed': {str(k): v for k, v in sorted(m.by_signed.items())},
        'packed': list(m.packed),
        'at': stamp(m.at) if m.HasField('at') else None,
        'on': f'{m.on.year:04d}-{m.on.month:02d}-{m.on.day:02d}' if m.HasField('on') else None,
        'time': ((m.time.hours * 60 + m.time.minutes) * 60 + m.time.seconds) * 10**6 + m.time.nanos // 1000 if m.HasField('time') else None,
        'wrapped': unsigned(m.wrapped.value) if m.HasField('wrapped') else None,
        'inner': inner(m.inner) if of == 'inner' else None,
        'signed': exact(m.signed) if of == 'signed' else None,
        'unsigned': unsigned(m.unsigned) if of == 'unsigned' else None,
    }

cases = []
def case(name, data):
    m = pb.Values()
    try:
        m.ParseFromString(data)
        if not m.IsInitialized(): raise ValueError('not initialized')
        cases.append({'name': name, 'bytes': data.hex(), 'value': view(m)})
    except Exception:
        cases.append({'name': name, 'bytes': data.hex(), 'value': None})

N = b'\x08\x01'
full = pb.Values(n=-7, text='', colour=pb.DEEP, colours=[1, 0, -5], packed=[1, -1, 2**31 - 1])
full.by_name['a'] = 1; full.by_long[-2**63] = 'low'; full.by_long[2**63 - 1] = 'high'
full.by_unsigned[2**64 - 1].names.append('x'); full.by_signed[-2**63] = True; full.by_signed[5] = False
full.at.seconds = -1; full.at.nanos = 999_999_999
full.on.year, full.on.month, full.on.day = 2024, 2, 29
full.time.hours, full.time.minutes, full.time.nanos = 23, 59, 123_456_789
full.wrapped.value = 2**64 - 1
full.part.size = 3; full.parts.add().name = 'p'
full.Extensions[pb.more] = 'more'
full.inner.next.next.a = 4
case('all kinds', full.SerializeToString())
case('nothing but what is required', N)
case('nothing', b'')
case('a closed enum with a number that has no name', N + b'\x18\x09')
case('the same behind one that has', N + b'\x18\x01\x18\x09')
case('a list of enums with such a number', N + b'\x20\x01\x20\x09\x20\x00')
case('the same, packed', N + b'\x22\x03\x01\x09\x00')
case('a map with such a number', N + b'\x2a\x05\x0a\x01a\x10\x09' + b'\x2a\x05\x0a\x01b\x10\x01')
case('a map entry without a value', N + b'\x32\x02\x08\x05')
case('a map entry without a key', N + b'\x32\x03\x12\x01z')
case('an empty map entry', N + b'\x32\x00')
case('a key twice', N + b'\x32\x05\x08\x01\x12\x01a\x32\x05\x08\x01\x12\x01b')
case('a key of more bits than count', N + b'\x32\x0e\x08' + b'\xff' * 9 + b'\x01\x12\x01q')
case('packed and unpacked', N + b'\x4a\x02\x01\x02\x48\x03\x4a\x01\x04')
case('an int32 of five bytes', b'\x08\xff\xff\xff\xff\x0f')
case('an int32 of ten bytes', b'\x08' + b'\xff' * 9 + b'\x01')
case('an int32 with more bits', b'\x08\x85\x80\x80\x80\x80\x01')
case('an overlong varint', b'\x08\x81\x80\x80\x00')
case('eleven bytes of a varint', b'\x08' + b'\xff' * 11)
case('another wire type', N + b'\x12\x00' + b'\x10\x05' + b'\x0d\x00\x00\x00\x00')
case('text that is no UTF-8, which proto2 takes', N + b'\x0a\x01\xff')
case('the end of a group without its beginning', N + b'\x74')
case('a group that another one ends', N + b'\x73\x7c')
case('a group without an end', N + b'\x73\x08\x01')
case('a group', N + b'\x73\x08\x01\x74')
case('field 0', N + b'\x00\x01')
case('wire type 6', N + b'\x0e')
case('a length beyond the end', N + b'\x12\x05a')
case('a negative length', N + b'\x12' + b'\xff' * 9 + b'\x01')
case('a oneof twice', N + b'\x80\x01\x03' + b'\x7a\x02\x08\x01')
case('a message in a oneof, twice', N + b'\x7a\x02\x08\x01' + b'\x7a\x03\x1a\x01x')
case('the same with another between', N + b'\x7a\x02\x08\x01' + b'\x80\x01\x03' + b'\x7a\x03\x1a\x01x')
case('a message twice', N + b'\x52\x02\x08\x05' + b'\x52\x03\x10\xe8\x07')
case('a wrapper without a value', N + b'\x6a\x00')
case('a wrapper twice', N + b'\x6a\x02\x08\x05\x6a\x00')
def nested(levels):
    data = b'\x08\x01'
    for _ in range(levels): data = b'\x12' + (bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])) + data
    return N + b'\x7a' + (bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])) + data
case('98 levels below the first', nested(97))
case('99 levels below the first', nested(98))
case('100 levels below the first', nested(99))
case('101 levels below the first', nested(100))
import random
random.seed(7)
whole = full.SerializeToString()
for i in range(150):
    data = bytearray(whole)
    for _ in range(random.randint(1, 3)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    case(f'mutation {i}', bytes(data))
with open(os.path.join(HERE, 'values.jsonl'), 'w') as f:
    f.writelines(json.dumps(c, default=text) + '\n' for c in cases)
print(len(cases), 'cases')
