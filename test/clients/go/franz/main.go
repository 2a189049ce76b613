// Writes a records file by franz-go: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE.
package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"stream-enricher/clients/records"
)

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func main() {
	args := records.Arguments()
	options := []kgo.Opt{
		kgo.SeedBrokers(args.Address), kgo.ProducerBatchCompression(codecs[args.Codec]), kgo.ProducerLinger(20 * time.Millisecond),
	}
	if args.Partition >= 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	if args.Transactional {
		options = append(options, kgo.TransactionalID("franz-"+args.Topic))
	}
	client, err := kgo.NewClient(options...)
	records.Must(err)
	defer client.Close()
	ctx := context.Background()
	open := false
	for _, line := range args.Lines {
		if line.End != "" {
			records.Must(client.Flush(ctx))
			if args.Transactional {
				records.Must(client.EndTransaction(ctx, kgo.TransactionEndTry(line.End == "commit")))
			}
			open = false
			continue
		}
		if args.Transactional && !open {
			records.Must(client.BeginTransaction())
		}
		open = true
		record := &kgo.Record{
			Topic: args.Topic, Key: line.Key, Value: line.Value, Timestamp: time.UnixMilli(line.Timestamp), Partition: int32(max(args.Partition, 0)),
		}
		for _, header := range line.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: header.Name, Value: header.Value})
		}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) { records.Must(err) })
	}
	records.Must(client.Flush(ctx))
}
