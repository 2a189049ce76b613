package peer;

import java.util.List;
import peer.Enriched.Form;
import peer.Enriched.Presence;

/** What the application does with the orders; each is one more or one less step than `joined`, the main job. */
enum Shape {
  /** Orders with their customer and product, joined with nothing. */
  ENRICHED(new Form(false, false, Presence.ABSENT, false), "orders"),
  /** The same with the product's version that held at the order's time. */
  AS_OF(ENRICHED.form, "orders"),
  /** Orders with customer, product and payment. */
  JOINED(new Form(false, false, Presence.REQUIRED, false), "orders", "payments"),
  /** Of those orders that two comparisons take, which are all. */
  WHERE(JOINED.form, "orders", "payments"),
  /** With three fields that are derived of the order. */
  FIELDS(new Form(false, true, Presence.REQUIRED, false), "orders", "payments"),
  LEFT(new Form(false, false, Presence.NULLABLE, false), "orders", "payments"),
  RIGHT(new Form(true, false, Presence.REQUIRED, false), "orders", "payments"),
  OUTER(new Form(true, false, Presence.NULLABLE, false), "orders", "payments"),
  /** Joined with the receipt of the payment, too, by the same key. */
  JOINS(new Form(false, false, Presence.REQUIRED, true), "orders", "payments", "receipts"),
  /** The payments come keyed by their own number. */
  REPARTITIONED(JOINED.form, "orders", "payments-by-number"),
  /** All of it in another format. */
  JSON(JOINED.form, "orders-json", "payments-json"),
  PROTOBUF(JOINED.form, "orders-protobuf", "payments-protobuf");

  /** Of the output. */
  final Form form;
  /** Topics behind the tag; each record of the last one is an output, but for orders without a payment. */
  final List<String> inputs;

  Shape(Form form, String... inputs) {
    this.form = form;
    this.inputs = List.of(inputs);
  }

  static Shape of(Args a) {
    String otherwise = a.has("enrich") ? "enriched" : a.has("left") ? "left" : "joined";
    return valueOf(a.get("shape", otherwise).toUpperCase().replace('-', '_'));
  }

  boolean isJoined() {
    return form.payment() != Presence.ABSENT;
  }

  /** Whether an order without a payment comes out. */
  boolean keepsUnpaid() {
    return form.payment() == Presence.NULLABLE;
  }

  /** Behind the names of its topics, where they are not Avro. */
  String suffix() {
    return this == JSON ? "-json" : this == PROTOBUF ? "-protobuf" : "";
  }

  /** Whether records go through an internal topic, so that the inputs are committed before the outputs. */
  boolean isStaged() {
    return this == REPARTITIONED || this == AS_OF;
  }

  /** In which form an order waits for its payment, or with it for the receipt. */
  Form waiting() {
    return new Form(false, form.derived(), Presence.NULLABLE, false);
  }
}
