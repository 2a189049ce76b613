//! Writes a records file by rskafka, which has neither partitioner nor transactions: ADDRESS TOPIC CODEC PARTITION 0 FILE.
use base64::{engine::general_purpose::STANDARD, Engine};
use chrono::DateTime;
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::ClientBuilder;
use rskafka::record::Record;

fn bytes(field: &str) -> Option<Vec<u8>> {
    (field != "-").then(|| STANDARD.decode(field).expect("base64"))
}

fn record(fields: &[&str]) -> Record {
    let headers = fields[4..].chunks(2).map(|pair| (pair[0].to_string(), bytes(pair[1]).unwrap_or_default()));
    Record {
        key: bytes(fields[2]),
        value: bytes(fields[3]),
        headers: headers.collect(),
        timestamp: DateTime::from_timestamp_millis(fields[1].parse().expect("a time")).expect("a time"),
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let compression = match args[3].as_str() {
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::NoCompression,
    };
    let client = ClientBuilder::new(vec![args[1].clone()]).build().await.expect("a client");
    let partition: i32 = args[4].parse().expect("a partition");
    let topic = client
        .partition_client(args[2].clone(), partition, UnknownTopicHandling::Retry)
        .await
        .expect("a partition");
    let text = std::fs::read_to_string(&args[6]).expect("a file");
    let mut waiting = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if fields[0] == "end" {
            topic.produce(std::mem::take(&mut waiting), compression).await.expect("written");
        } else {
            waiting.push(record(&fields));
        }
    }
}
