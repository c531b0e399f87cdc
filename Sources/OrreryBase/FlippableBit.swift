/// A bit that a fault of the hardware may turn over: of a register, or of RAM.
@frozen
public enum FlippableBit: Hashable, Sendable {
  case register(FlippableRegister, bit: UInt8)
  /// Bit 0…7 of the byte at a physical address.
  case memory(PhysicalAddress, bit: UInt8)
}

/// A register whose bits may turn over without leading to a state that no processor can be in.
@frozen
public struct FlippableRegister: RawRepresentable, Hashable, Sendable {
  /// 0…15 the general registers in encoding order, 16 rip, 17 rflags, 18 cr2, 32…47 xmm0…xmm15.
  public let rawValue: UInt8

  /// Nil for a number that stands for no register.
  public init?(rawValue: UInt8) {
    guard rawValue <= 18 || (32...47).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  public static let rip = FlippableRegister(unchecked: 16)
  public static let rflags = FlippableRegister(unchecked: 17)
  public static let cr2 = FlippableRegister(unchecked: 18)

  private init(unchecked rawValue: UInt8) { self.rawValue = rawValue }

  private static let names = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
    "rflags", "cr2",
  ]

  /// The register that the manual calls `name`, in lower case.
  public init?(name: String) {
    if let index = Self.names.firstIndex(of: name) {
      self.init(rawValue: UInt8(index))
    } else if name.hasPrefix("xmm"), let index = (0..<16).first(where: { name == "xmm\($0)" }) {
      self.init(rawValue: UInt8(32 + index))
    } else {
      return nil
    }
  }

  public var name: String { rawValue < 32 ? Self.names[Int(rawValue)] : "xmm\(rawValue - 32)" }

  /// Of rip the low half, which keeps it canonical; of rflags CF, PF, AF, ZF, SF, TF, IF, DF and OF.
  public func has(bit: UInt8) -> Bool {
    switch self {
    case .rip: bit < 32
    case .rflags: bit < 12 && 0b1111_1101_0101 >> bit & 1 == 1
    default: bit < (rawValue < 32 ? 64 : 128)
    }
  }
}

extension FlippableBit {
  /// Whether there is such a bit in some machine; which memory there is depends on the machine.
  public var exists: Bool {
    switch self {
    case .register(let register, let bit): register.has(bit: bit)
    case .memory(let address, let bit): address.rawValue >> 52 == 0 && bit < 8
    }
  }
}

extension FlippableBit: CustomStringConvertible {
  public var description: String {
    switch self {
    case .register(let register, let bit): "bit \(bit) of \(register.name)"
    case .memory(let address, let bit): "bit \(bit) of the byte at physical \(address)"
    }
  }
}
