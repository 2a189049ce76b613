package peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.io.UncheckedIOException;
import java.util.function.Function;

/** Records in Protobuf, by the classes that protoc generates. */
final class Protobuf {
  private Protobuf() {}

  static <T, M extends Message> Wire<T> wire(Parser<M> parser, Function<T, M> to, Function<M, T> from) {
    return new Wire<>(
        v -> to.apply(v).toByteArray(),
        b -> {
          try {
            return from.apply(parser.parseFrom(b));
          } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  static peer.proto.Order of(Order v) {
    return peer.proto.Order.newBuilder()
        .setOrderId(v.orderId)
        .setCustomerId(v.customerId)
        .setProductId(v.productId)
        .setQuantity(v.quantity)
        .setPrice(v.price)
        .setChannel(v.channel)
        .setOrderedAt(v.orderedAt)
        .build();
  }

  static Order order(peer.proto.Order m) {
    Order v = new Order();
    v.orderId = m.getOrderId();
    v.customerId = m.getCustomerId();
    v.productId = m.getProductId();
    v.quantity = m.getQuantity();
    v.price = m.getPrice();
    v.channel = m.getChannel();
    v.orderedAt = m.getOrderedAt();
    return v;
  }

  static peer.proto.Payment of(Payment v) {
    return peer.proto.Payment.newBuilder()
        .setOrderId(v.orderId)
        .setMethod(v.method)
        .setAmount(v.amount)
        .setPaidAt(v.paidAt)
        .build();
  }

  static Payment payment(peer.proto.Payment m) {
    Payment v = new Payment();
    v.orderId = m.getOrderId();
    v.method = m.getMethod();
    v.amount = m.getAmount();
    v.paidAt = m.getPaidAt();
    return v;
  }

  static peer.proto.Customer of(Customer v) {
    return peer.proto.Customer.newBuilder()
        .setCustomerId(v.customerId)
        .setName(v.name)
        .setSegment(v.segment)
        .setCountry(v.country)
        .setUpdatedAt(v.updatedAt)
        .build();
  }

  static Customer customer(peer.proto.Customer m) {
    Customer v = new Customer();
    v.customerId = m.getCustomerId();
    v.name = m.getName();
    v.segment = m.getSegment();
    v.country = m.getCountry();
    v.updatedAt = m.getUpdatedAt();
    return v;
  }

  static peer.proto.Product of(Product v) {
    return peer.proto.Product.newBuilder()
        .setProductId(v.productId)
        .setTitle(v.title)
        .setCategory(v.category)
        .setBrand(v.brand)
        .setListPrice(v.listPrice)
        .build();
  }

  static Product product(peer.proto.Product m) {
    Product v = new Product();
    v.productId = m.getProductId();
    v.title = m.getTitle();
    v.category = m.getCategory();
    v.brand = m.getBrand();
    v.listPrice = m.getListPrice();
    return v;
  }

  static peer.proto.Enriched of(Enriched v) {
    peer.proto.Enriched.Builder m =
        peer.proto.Enriched.newBuilder()
            .setOrderId(v.orderId)
            .setCustomerId(v.customerId)
            .setProductId(v.productId)
            .setQuantity(v.quantity)
            .setPrice(v.price)
            .setChannel(v.channel)
            .setOrderedAt(v.orderedAt);
    if (v.customerName != null) m.setCustomerName(v.customerName).setSegment(v.segment).setCountry(v.country);
    if (v.title != null) m.setTitle(v.title).setCategory(v.category).setBrand(v.brand);
    if (v.method != null) m.setMethod(v.method).setAmount(v.amount).setPaidAt(v.paidAt);
    return m.build();
  }

  static Enriched enriched(peer.proto.Enriched m) {
    Enriched v = new Enriched();
    v.orderId = m.getOrderId();
    v.customerId = m.getCustomerId();
    v.productId = m.getProductId();
    v.quantity = m.getQuantity();
    v.price = m.getPrice();
    v.channel = m.getChannel();
    v.orderedAt = m.getOrderedAt();
    if (m.hasCustomerName()) v.customerName = m.getCustomerName();
    if (m.hasSegment()) v.segment = m.getSegment();
    if (m.hasCountry()) v.country = m.getCountry();
    if (m.hasTitle()) v.title = m.getTitle();
    if (m.hasCategory()) v.category = m.getCategory();
    if (m.hasBrand()) v.brand = m.getBrand();
    // A proto3 field without presence: an order that waits for its payment has none.
    if (!m.getMethod().isEmpty()) {
      v.method = m.getMethod();
      v.amount = m.getAmount();
      v.paidAt = m.getPaidAt();
    }
    return v;
  }
}
