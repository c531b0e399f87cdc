/// A segment register with its hidden part (Intel SDM volume 3, 3.4.3).
struct Segment {
  var selector: UInt16 = 0
  /// Access rights as in the second doubleword of a descriptor, bits 8…23 (type, S, DPL, P, AVL, L, D/B, G), shifted right by 8.
  var attributes: UInt16 = 0
  /// The limit in bytes, granularity applied.
  var limit: UInt32 = 0
  var base: UInt64 = 0

  var isPresent: Bool { attributes & 0x80 != 0 }
  var type: UInt8 { UInt8(truncatingIfNeeded: attributes) & 0xF }
  /// The S flag: code or data, not system.
  var isCodeOrData: Bool { attributes & 0x10 != 0 }
  var privilegeLevel: UInt8 { UInt8(truncatingIfNeeded: attributes >> 5) & 3 }
  /// The L flag: 64-bit code.
  var isLong: Bool { attributes & 0x2000 != 0 }
  /// The D/B flag: 32-bit default size.
  var isBig: Bool { attributes & 0x4000 != 0 }
}

/// The index of a segment register, as instructions encode it.
enum SegmentRegister: Int {
  case es, cs, ss, ds, fs, gs
}

/// GDTR or IDTR.
struct DescriptorTableRegister {
  var base: UInt64 = 0
  var limit: UInt16 = 0
}
