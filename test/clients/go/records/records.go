// Package records reads a records file (see records.ts).
package records

import (
	"encoding/base64"
	"os"
	"strconv"
	"strings"
)

type Header struct {
	Name  string
	Value []byte
}

// Line is a record, or where End is not empty how those before it end: commit or abort.
type Line struct {
	End        string
	Timestamp  int64
	Key, Value []byte
	Headers    []Header
}

// Args are those of every writer.
type Args struct {
	Address, Topic, Codec string
	Partition             int
	Transactional         bool
	Lines                 []Line
}

// Must ends the program with an error.
func Must(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func Arguments() Args {
	partition, err := strconv.Atoi(os.Args[4])
	Must(err)
	return Args{os.Args[1], os.Args[2], os.Args[3], partition, os.Args[5] == "1", read(os.Args[6])}
}

func read(file string) []Line {
	text, err := os.ReadFile(file)
	Must(err)
	var lines []Line
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		fields := strings.Split(line, "\t")
		if fields[0] == "end" {
			lines = append(lines, Line{End: fields[1]})
			continue
		}
		timestamp, err := strconv.ParseInt(fields[1], 10, 64)
		Must(err)
		record := Line{Timestamp: timestamp, Key: bytes(fields[2]), Value: bytes(fields[3])}
		for i := 4; i+1 < len(fields); i += 2 {
			record.Headers = append(record.Headers, Header{fields[i], bytes(fields[i+1])})
		}
		lines = append(lines, record)
	}
	return lines
}

func bytes(field string) []byte {
	if field == "-" {
		return nil
	}
	decoded, err := base64.StdEncoding.DecodeString(field)
	Must(err)
	return decoded
}
