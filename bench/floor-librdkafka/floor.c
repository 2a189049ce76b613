// The I/O floor of the benchmark: reads TAG.orders and TAG.payments whole and, in transactions,
// writes one 156-byte record per payment to OUTPUT; with PAYMENTS 0 it reads orders alone, and writes one per order. No decoding, no state, no join: what the same
// records cost the best-known C client alone. Prints one JSON line.
//
//   gcc -O2 floor.c -o floor -lrdkafka
//   ./floor BROKER TAG OUTPUT ORDERS PAYMENTS
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define PARTITIONS 4
#define RECORD_BYTES 156
#define BATCH 10000
#define COMMIT_SECONDS 0.1
#define TIMEOUT_MS 30000

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(rd_kafka_error_t *error, const char *what) {
  if (error) fail(what, rd_kafka_error_string(error));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error)) fail(name, error);
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char error[256];
  rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
  if (!client) fail("client", error);
  return client;
}

static rd_kafka_t *new_consumer(const char *broker, const char *tag, int topics) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", broker);
  set(conf, "group.id", "floor");
  set(conf, "enable.auto.commit", "false");
  set(conf, "isolation.level", "read_committed");
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "queued.max.messages.kbytes", "65536");
  set(conf, "fetch.message.max.bytes", "2097152");
  rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_topic_partition_list_t *inputs = rd_kafka_topic_partition_list_new(topics * PARTITIONS);
  const char *names[] = {"orders", "payments"};
  for (int n = 0; n < topics; n++) {
    char topic[256];
    snprintf(topic, sizeof topic, "%s.%s", tag, names[n]);
    for (int p = 0; p < PARTITIONS; p++)
      rd_kafka_topic_partition_list_add(inputs, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  if (rd_kafka_assign(consumer, inputs)) fail("assign", tag);
  return consumer;
}

static rd_kafka_t *new_producer(const char *broker) {
  char id[64];
  snprintf(id, sizeof id, "floor-%ld", (long)time(NULL));
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", broker);
  set(conf, "transactional.id", id);
  set(conf, "linger.ms", "20");
  set(conf, "queue.buffering.max.messages", "500000");
  set(conf, "batch.num.messages", "10000");
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, conf);
  check(rd_kafka_init_transactions(producer, TIMEOUT_MS), "init");
  check(rd_kafka_begin_transaction(producer), "begin");
  return producer;
}

int main(int count, char **args) {
  if (count != 6) fail("usage", "floor BROKER TAG OUTPUT ORDERS PAYMENTS");
  long orders = atol(args[4]), payments = atol(args[5]);
  long outputs = payments == 0 ? orders : payments;
  // There are fewer payments than orders, so one output for every second record is enough.
  int every = payments == 0 ? 1 : 2;
  rd_kafka_t *producer = new_producer(args[1]);
  rd_kafka_topic_t *output = rd_kafka_topic_new(producer, args[3], NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(new_consumer(args[1], args[2], every));
  static rd_kafka_message_t *messages[BATCH];
  char record[RECORD_BYTES];
  memset(record, 'x', sizeof record);
  long consumed = 0, produced = 0, open = 0;
  double start = 0, start_cpu = 0, committed = 0;
  while (consumed < orders + payments) {
    ssize_t got = rd_kafka_consume_batch_queue(queue, 500, messages, BATCH);
    if (got > 0 && start == 0) {
      start = committed = now();
      start_cpu = cpu();
    }
    for (ssize_t i = 0; i < got; i++) {
      rd_kafka_message_t *m = messages[i];
      if (!m->err && ++consumed % every == 0 && produced < outputs) {
        while (rd_kafka_produce(output, m->partition, RD_KAFKA_MSG_F_COPY, record, sizeof record,
                                m->key, m->key_len, NULL) == -1)
          rd_kafka_poll(producer, 5);
        produced++;
        open++;
      }
      rd_kafka_message_destroy(m);
    }
    rd_kafka_poll(producer, 0);
    if (open > 0 && now() - committed > COMMIT_SECONDS) {
      check(rd_kafka_commit_transaction(producer, TIMEOUT_MS), "commit");
      check(rd_kafka_begin_transaction(producer), "begin");
      committed = now();
      open = 0;
    }
  }
  check(rd_kafka_commit_transaction(producer, TIMEOUT_MS), "commit");
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"produced\":%ld,\"wall_s\":%.2f,\"cpu_s\":%.3f,\"life_cpu_s\":%.3f,\"rss_mb\":%ld}\n", produced,
         now() - start, cpu() - start_cpu, cpu(), usage.ru_maxrss >> 10);
  return 0;
}
