/// A JSON object written member by member, in the order of the calls, so that equal values give equal text.
///
/// ```swift
/// var object = JSONObject()
/// object.add("clock", 12)
/// print(object)  // {"clock":12}
/// ```
public struct JSONObject: Hashable, Sendable, CustomStringConvertible {
  private var members = ""

  public init() {}

  public var description: String { "{\(members)}" }

  /// Adds `value`, or null.
  public mutating func add(_ key: String, _ value: String?) { add(key, json: value.map(JSONObject.quoted) ?? "null") }

  /// Adds `value`, or null.
  public mutating func add(_ key: String, _ value: UInt64?) { add(key, json: value.map { String($0) } ?? "null") }

  public mutating func add(_ key: String, _ value: Bool) { add(key, json: value ? "true" : "false") }

  /// Adds `value`, or null.
  public mutating func add(_ key: String, _ value: JSONObject?) { add(key, json: value?.description ?? "null") }

  public mutating func add(_ key: String, _ values: [JSONObject]) {
    add(key, json: "[" + values.map(\.description).joined(separator: ",") + "]")
  }

  public mutating func add(_ key: String, _ values: [String]) {
    add(key, json: "[" + values.map(JSONObject.quoted).joined(separator: ",") + "]")
  }

  public mutating func addNull(_ key: String) { add(key, json: "null") }

  private mutating func add(_ key: String, json: String) {
    if !members.isEmpty { members += "," }
    members += "\(JSONObject.quoted(key)):\(json)"
  }

  /// `text` as a JSON string: quotes, backslashes and control characters escaped (RFC 8259, section 7).
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
