package peer;

import java.util.Map;

/** The serdes of all records of a shape. */
record Wires(
    Wire<Order> order, Wire<Payment> payment, Wire<Customer> customer, Wire<Product> product, Wire<Enriched> enriched) {

  private static final Wires JSON =
      new Wires(
          Json.wire(Order.class),
          Json.wire(Payment.class),
          Json.wire(Customer.class),
          Json.wire(Product.class),
          Json.wire(Enriched.class));

  private static final Wires PROTOBUF =
      new Wires(
          Protobuf.wire(peer.proto.Order.parser(), Protobuf::of, Protobuf::order),
          Protobuf.wire(peer.proto.Payment.parser(), Protobuf::of, Protobuf::payment),
          Protobuf.wire(peer.proto.Customer.parser(), Protobuf::of, Protobuf::customer),
          Protobuf.wire(peer.proto.Product.parser(), Protobuf::of, Protobuf::product),
          Protobuf.wire(peer.proto.Enriched.parser(), Protobuf::of, Protobuf::enriched));

  /** Those that are not Avro, by what stands behind the names of their topics. */
  static final Map<String, Wires> OTHERS = Map.of("-json", JSON, "-protobuf", PROTOBUF);

  static Wires of(Shape shape) {
    return OTHERS.getOrDefault(shape.suffix(), avro(shape.form));
  }

  /** Of records that wait for the payment or receipt. */
  static Wire<Enriched> waiting(Shape shape) {
    Wires others = OTHERS.get(shape.suffix());
    return others == null ? Wire.enriched(shape.waiting()) : others.enriched;
  }

  private static Wires avro(Enriched.Form form) {
    return new Wires(Wire.ORDER, Wire.PAYMENT, Wire.CUSTOMER, Wire.PRODUCT, Wire.enriched(form));
  }
}
