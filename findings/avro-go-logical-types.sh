#!/usr/bin/env bash
# Expected: a logical type means the same in every Avro library: a date is the day that a time lies in, a local timestamp the clock on the wall, and a
#   decimal that has more digits than the schema is refused, as fastavro does.
# Seen, in Go's two libraries: a time before 1970 that is not midnight UTC is the date of the day after it. A local timestamp (hamba) is the clock in UTC,
#   so noon in Tokyo is three in the morning. Digits behind the scale are cut off without an error, downwards: 1.005 is 1.00 and -1.005 is -1.01; goavro
#   also writes a number of 11 digits as decimal(10,2), which hamba refuses.
# With: hamba/avro 2.31.0, goavro 2.15.0, Avro for Python (fastavro) 1.13.1 beside them. Run on 2026-11-30.
# Hurts: birthdays and dates of contracts, joins by a local time, sums of money. Do: pass dates as midnight UTC, local times as time.UTC, and round
#   decimals before they are written.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module probe
go 1.24
require (
	github.com/hamba/avro/v2 v2.31.0
	github.com/linkedin/goavro/v2 v2.15.0
)
GO
cat > main.go <<'GO'
package main

import (
	"fmt"
	"math/big"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
)

var tokyo = time.FixedZone("Tokyo", 9*3600)

func main() {
	date := `{"type":"int","logicalType":"date"}`
	local := `{"type":"long","logicalType":"local-timestamp-millis"}`
	decimal := `{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}`
	show(date, "1950-05-05 00:00", time.Date(1950, 5, 5, 0, 0, 0, 0, time.UTC))
	show(date, "1950-05-05 12:00", time.Date(1950, 5, 5, 12, 0, 0, 0, time.UTC))
	show(date, "1980-05-05 12:00", time.Date(1980, 5, 5, 12, 0, 0, 0, time.UTC))
	show(local, "noon in Tokyo", time.Date(2026, 3, 1, 12, 0, 0, 0, tokyo))
	for _, text := range []string{"1.10", "1.005", "-1.005", "999999999.99"} {
		number, _ := new(big.Rat).SetString(text)
		show(decimal, text, number)
	}
}

func show(schema, what string, value any) {
	fmt.Printf("%s: goavro %s, hamba %s\n", what, byGoavro(schema, value), byHamba(schema, value))
}

func byGoavro(schema string, value any) string {
	codec, err := goavro.NewCodec(schema)
	if err != nil {
		return "refuses the schema"
	}
	bytes, err := codec.BinaryFromNative(nil, value)
	if err != nil {
		return "refuses"
	}
	return text(bytes, schema)
}

func byHamba(schema string, value any) string {
	bytes, err := avro.Marshal(avro.MustParse(schema), value)
	if err != nil {
		return "refuses"
	}
	return text(bytes, schema)
}

// Reads with hamba, which reads all of them.
func text(bytes []byte, schema string) string {
	var value any
	if err := avro.Unmarshal(avro.MustParse(schema), bytes, &value); err != nil {
		return err.Error()
	}
	if number, ok := value.(*big.Rat); ok {
		return number.FloatString(3)
	}
	return value.(time.Time).UTC().Format("2006-01-02 15:04")
}
GO
go mod tidy >&2
python3 -m venv venv
venv/bin/pip -q install fastavro==1.13.1 >&2
cat > probe.py <<'PY'
import datetime, decimal, io
import fastavro
def written(schema, value):
    out = io.BytesIO()
    try: fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    except Exception: return 'refuses'
    out.seek(0)
    return fastavro.schemaless_reader(out, schema)
money = {'type': 'bytes', 'logicalType': 'decimal', 'precision': 10, 'scale': 2}
print('fastavro: 1950-05-05 12:00 is', written({'type': 'int', 'logicalType': 'date'}, datetime.datetime(1950, 5, 5, 12)),
      'and 1.005', written(money, decimal.Decimal('1.005')), 'and 999999999.99', written(money, decimal.Decimal('999999999.99')))
PY
{ GOFLAGS=-mod=mod go run .; venv/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
1950-05-05 00:00: goavro 1950-05-05 00:00, hamba 1950-05-05 00:00
1950-05-05 12:00: goavro 1950-05-06 00:00, hamba 1950-05-06 00:00
1980-05-05 12:00: goavro 1980-05-05 00:00, hamba 1980-05-05 00:00
noon in Tokyo: goavro refuses, hamba 2026-03-01 03:00
1.10: goavro 1.100, hamba 1.100
1.005: goavro 1.000, hamba 1.000
-1.005: goavro -1.010, hamba -1.010
999999999.99: goavro 999999999.990, hamba refuses
fastavro: 1950-05-05 12:00 is 1950-05-05 and 1.005 refuses and 999999999.99 refuses
SEEN
