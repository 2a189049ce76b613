// Writes a records file by sarama: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE.
package main

import (
	"time"

	"github.com/IBM/sarama"
	"stream-enricher/clients/records"
)

var codecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func encoder(bytes []byte) sarama.Encoder {
	if bytes == nil {
		return nil
	}
	return sarama.ByteEncoder(bytes)
}

func message(args records.Args, line records.Line) *sarama.ProducerMessage {
	message := &sarama.ProducerMessage{
		Topic: args.Topic, Key: encoder(line.Key), Value: encoder(line.Value), Timestamp: time.UnixMilli(line.Timestamp), Partition: int32(max(args.Partition, 0)),
	}
	for _, header := range line.Headers {
		message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(header.Name), Value: header.Value})
	}
	return message
}

func main() {
	args := records.Arguments()
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	config.Producer.Compression = codecs[args.Codec]
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	if args.Partition >= 0 {
		config.Producer.Partitioner = sarama.NewManualPartitioner
	}
	if args.Transactional {
		config.Producer.Transaction.ID = "sarama-" + args.Topic
		config.Producer.Idempotent = true
		config.Net.MaxOpenRequests = 1
	}
	producer, err := sarama.NewSyncProducer([]string{args.Address}, config)
	records.Must(err)
	defer producer.Close()
	var waiting []*sarama.ProducerMessage
	for _, line := range args.Lines {
		if line.End == "" {
			waiting = append(waiting, message(args, line))
			continue
		}
		if args.Transactional {
			records.Must(producer.BeginTxn())
		}
		records.Must(producer.SendMessages(waiting))
		waiting = nil
		if args.Transactional && line.End == "commit" {
			records.Must(producer.CommitTxn())
		} else if args.Transactional {
			records.Must(producer.AbortTxn())
		}
	}
}
