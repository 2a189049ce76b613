import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes a records file by Kafka's own client: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE. */
final class Write {
    public static void main(String[] args) throws Exception {
        boolean transactional = args[4].equals("1");
        Integer partition = args[3].equals("-1") ? null : Integer.valueOf(args[3]);
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("compression.type", args[2]);
        config.put("linger.ms", "20");
        if (transactional) config.put("transactional.id", "java-" + args[1]);
        var bytes = new ByteArraySerializer();
        try (var producer = new KafkaProducer<byte[], byte[]>(config, bytes, bytes)) {
            if (transactional) producer.initTransactions();
            boolean open = false;
            for (Records.Line line : Records.read(args[5])) {
                if (line.end() != null) {
                    if (!transactional) producer.flush();
                    else if (line.end().equals("commit")) producer.commitTransaction();
                    else {
                        producer.flush();
                        producer.abortTransaction();
                    }
                    open = false;
                    continue;
                }
                if (transactional && !open) producer.beginTransaction();
                open = true;
                var record = new ProducerRecord<>(args[1], partition, line.timestamp(), line.key(), line.value());
                for (Records.Header header : line.headers()) record.headers().add(header.name(), header.value());
                producer.send(record);
            }
        }
    }
}
