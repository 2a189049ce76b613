// Writes a records file by segmentio's kafka-go, which has no transactional producer: ADDRESS TOPIC CODEC PARTITION 0 FILE.
package main

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
	"stream-enricher/clients/records"
)

var codecs = map[string]kafka.Compression{
	"gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
}

func main() {
	args := records.Arguments()
	writer := &kafka.Writer{
		Addr: kafka.TCP(args.Address), Topic: args.Topic, Compression: codecs[args.Codec], RequiredAcks: kafka.RequireAll, BatchTimeout: 20 * time.Millisecond,
		BatchSize: 1000, Balancer: &kafka.Hash{},
	}
	if args.Partition >= 0 {
		writer.Balancer = kafka.BalancerFunc(func(kafka.Message, ...int) int { return args.Partition })
	}
	defer writer.Close()
	var waiting []kafka.Message
	for _, line := range args.Lines {
		if line.End != "" {
			records.Must(writer.WriteMessages(context.Background(), waiting...))
			waiting = nil
			continue
		}
		message := kafka.Message{Key: line.Key, Value: line.Value, Time: time.UnixMilli(line.Timestamp)}
		for _, header := range line.Headers {
			message.Headers = append(message.Headers, kafka.Header{Key: header.Name, Value: header.Value})
		}
		waiting = append(waiting, message)
	}
}
