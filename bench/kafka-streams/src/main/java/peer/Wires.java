package peer;

/** The serdes of all records of a shape. */
record Wires(
    Wire<Order> order, Wire<Payment> payment, Wire<Customer> customer, Wire<Product> product, Wire<Enriched> enriched) {

  static final Wires JSON =
      new Wires(
          Json.wire(Order.class),
          Json.wire(Payment.class),
          Json.wire(Customer.class),
          Json.wire(Product.class),
          Json.wire(Enriched.class));

  static Wires of(Shape shape) {
    return shape == Shape.JSON ? JSON : avro(shape.form);
  }

  /** Of records that wait for the payment or receipt. */
  static Wire<Enriched> waiting(Shape shape) {
    return shape == Shape.JSON ? JSON.enriched : Wire.enriched(shape.waiting());
  }

  private static Wires avro(Enriched.Form form) {
    return new Wires(Wire.ORDER, Wire.PAYMENT, Wire.CUSTOMER, Wire.PRODUCT, Wire.enriched(form));
  }
}
