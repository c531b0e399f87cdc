/// One thing done to the machine from outside.
@frozen
public enum InputAction: Hashable, Sendable {
  /// A key pressed or released at the keyboard.
  case key(Key, isPressed: Bool)
  /// A byte put on the line to serial port `port` (0 is COM1): it arrives at once, or when the line has carried what was put on it before.
  case serial(port: UInt8, byte: UInt8)
  /// One edge on an interrupt request line, 0…15, ORed with the device's own line.
  case interruptLine(UInt8)
  /// A vector presented to the processor past the 8259, as an external interrupt.
  case vector(UInt8)
  /// One edge on the processor's NMI pin.
  case nonMaskableInterrupt
  /// One bit turned over, as by a fault of the hardware. One that the machine does not have stays as it is.
  case flip(FlippableBit)
}

/// The point within one clock at which an input is applied.
@frozen
public enum InputPoint: UInt8, Hashable, Sendable {
  /// At the step boundary, before the devices' events that are due at the same clock.
  case boundary = 0
  /// Directly before the instruction that is about to execute: after events, and after the lines were sampled with nothing to deliver. Actions anchored to a symbol use it.
  case instruction = 1
}

/// An action with the exact point at which it is, or was, applied.
@frozen
public struct InputEvent: Hashable, Sendable {
  public var clock: Clock
  public var point: InputPoint
  public var action: InputAction

  @inlinable
  public init(clock: Clock, point: InputPoint = .boundary, action: InputAction) {
    self.clock = clock
    self.point = point
    self.action = action
  }
}

extension InputAction {
  /// The action as one number: kind in bits 56…63, payload below.
  public var encoded: UInt64 {
    switch self {
    case .key(let key, let isPressed): 0 << 56 | (isPressed ? 1 << 16 : 0) | UInt64(key.rawValue)
    case .serial(let port, let byte): 1 << 56 | UInt64(port) << 8 | UInt64(byte)
    case .interruptLine(let line): 2 << 56 | UInt64(line)
    case .vector(let vector): 3 << 56 | UInt64(vector)
    case .nonMaskableInterrupt: 4 << 56
    case .flip(.register(let register, let bit)): 5 << 56 | UInt64(register.rawValue) << 8 | UInt64(bit)
    case .flip(.memory(let address, let bit)): 6 << 56 | address.rawValue << 3 & Self.payloadMask | UInt64(bit & 7)
    }
  }

  /// Whether `encoded` is that of a bit that turns over.
  public static func isFault(encoded: UInt64) -> Bool { (5...6).contains(encoded >> 56) }

  /// The bits of `encoded` below the kind.
  public static let payloadMask: UInt64 = 1 << 56 - 1

  /// The action that `encoded` stands for; nil when it stands for none.
  public init?(encoded: UInt64) {
    let payload = encoded & Self.payloadMask
    let low = UInt8(truncatingIfNeeded: payload)
    switch (encoded >> 56, payload) {
    case (0, 0...0x1FFFF):
      self = .key(Key(rawValue: UInt16(truncatingIfNeeded: payload)), isPressed: payload >> 16 == 1)
    case (1, 0...0xFFFF): self = .serial(port: UInt8(payload >> 8), byte: low)
    case (2, 0...15): self = .interruptLine(low)
    case (3, 0...255): self = .vector(low)
    case (4, 0): self = .nonMaskableInterrupt
    case (5, 0...0xFFFF):
      guard let register = FlippableRegister(rawValue: UInt8(payload >> 8)), register.has(bit: low) else { return nil }
      self = .flip(.register(register, bit: low))
    case (6, 0..<1 << 55): self = .flip(.memory(PhysicalAddress(payload >> 3), bit: low & 7))
    default: return nil
    }
  }
}
