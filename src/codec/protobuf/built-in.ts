/** Files that others import without having them: those of `google/type` and Confluent's, as far as they count here. */

const date = `syntax = "proto3"; package google.type;
message Date { int32 year = 1; int32 month = 2; int32 day = 3; }`

const timeOfDay = `syntax = "proto3"; package google.type;
message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }`

const money = `syntax = "proto3"; package google.type;
message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }`

const latLng = `syntax = "proto3"; package google.type;
message LatLng { double latitude = 1; double longitude = 2; }`

const decimal = `syntax = "proto3"; package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`

const meta = `syntax = "proto3"; package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }`

/** By the path that files import them by. */
export const BUILT_IN: Readonly<Record<string, string>> = {
  'google/type/date.proto': date,
  'google/type/timeofday.proto': timeOfDay,
  'google/type/money.proto': money,
  'google/type/latlng.proto': latLng,
  'confluent/type/decimal.proto': decimal,
  'confluent/types/decimal.proto': decimal,
  'confluent/meta.proto': meta,
}
